#!/usr/bin/env bash
# cookie - SYN cookies: a connection that one turnoutd began is ended by another with the same key, never without it.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
old=00112233445566778899aabbccddeeff
new=ffeeddccbbaa99887766554433221100

with_keys() { # KEY...: turnoutd starts again with these
	local keys
	keys=$(printf ', "%s"' "$@")
	lab_stop turnoutd
	sed "s/^geo/tcp = { cookie-keys = [ ${keys#, } ]; };\ngeo/" "$LAB_DIR/e2e.conf" >"$LAB_DIR/keys.conf"
	turnoutd_start "$LAB_DIR/keys.conf"
}

begin() { # NAME: a client that has its connection, but has sent nothing
	lab_spawn "$1" fr python3 "$E2E/raw.py" $R4 80 'GET /live/9 HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n' "$LAB_DIR/$1.go"
	wait_until 10 "a connection" grep -q connected "$LAB_DIR/$1.log"
}

answer() { # NAME: it sends its request now
	touch "$LAB_DIR/$1.go"
	wait_until 10 "an answer" grep -qE 'HTTP|Error' "$LAB_DIR/$1.log"
	cat "$LAB_DIR/$1.log"
}

world
with_keys $old
begin kept
begin lost
with_keys $new $old
expect "a connection from before a change of keys is answered after it" '^HTTP/1\.1 302 ' answer kept
expect "new connections too" '^302 ' get fr http://paths.cdn.example/live/9
with_keys $new
expect "once the old key is gone its connections are reset" 'ConnectionResetError' answer lost
expect "the drop is counted" 'tcp_cookie +1 ' ctl show drops

finish
