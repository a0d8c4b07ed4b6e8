#!/usr/bin/env bash
# drain - SIGTERM: no new connections, but answers to what was begun and to all queries; then the end, soon or at the limit.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

start() { # MILLISECONDS: turnoutd with that drain
	sed "s|^control = {|control = { drain = $1;|" "$LAB_DIR/e2e.conf" >"$LAB_DIR/drain.conf"
	turnoutd_start "$LAB_DIR/drain.conf"
}

queries() { # so that there is always something to answer
	echo "www.cdn.example A" >"$LAB_DIR/names"
	lab_spawn queries fr dnsperf -s $R4 -d "$LAB_DIR/names" -c 1 -Q 500 -l 120
	wait_until 10 "the queries to come" sh -c "
		'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' --json show workers | grep -q '\"dns-redirects\": [1-9]'"
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

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

has_ended() {
	! kill -0 "${LAB_PID[turnoutd]}" 2>/dev/null
}

# Not in a subshell: only its parent can wait for it.
ends_within() { # NAME MILLISECONDS MILLISECONDS: from the last signal; with exit code 0
	local status=0 took
	wait_until 30 "turnoutd to end" has_ended
	took=$(($(now_ms) - SENT))
	lab_wait turnoutd || status=$?
	if ((status == 0 && took >= $2 && took <= $3)) && [[ ! -e $LAB_DIR/turnout.sock ]]; then
		ok "$1"
	else
		not_ok "$1" "exit code $status after $took ms, expected 0 after $2 to $3"$'\n'"$(tail -n 20 "$LAB_DIR/turnoutd.log")"
	fi
}

tell() { # SIGNAL
	SENT=$(now_ms)
	kill "-$1" "${LAB_PID[turnoutd]}"
}

world
lab_stop turnoutd

start 20000
expect "a request before" '^302 ' get fr http://paths.cdn.example/live/1
sleep 0.1
tell TERM
ends_within "without traffic it ends at once" 0 2000

start 20000
begin held
queries
tell TERM
wait_until 5 "it to say so" grep -q 'stopping in at most 20000 ms' "$LAB_DIR/turnoutd.log"
expect "draining: queries are answered" '^vod\.cdn-b\.example\.$' dig_in us www.cdn.example +short
expect "draining: a connection from before is answered" '^HTTP/1\.1 302 ' answer held
expect "draining: a new connection is not taken" '^000 ' get us http://paths.cdn.example/live/1 --max-time 2
expect "draining: and counted" 'tcp_draining +[1-9]' ctl show drops
check "draining: the control socket answers" ctl status
SENT=$(now_ms)
lab_stop queries
ends_within "it ends when no more queries come" 0 3000

start 1500
queries
tell TERM
ends_within "it ends at the limit although queries come" 1400 4000
lab_stop queries

for signal in TERM INT; do
	start 20000
	queries
	tell TERM
	sleep 0.3
	check "before the second signal it drains" kill -0 "${LAB_PID[turnoutd]}"
	tell $signal
	ends_within "a second signal, SIG$signal, ends it at once" 0 2000
	lab_stop queries
done

start 20000
queries
tell INT
ends_within "SIGINT ends it without drain" 0 2000
lab_stop queries
start 0
queries
tell TERM
ends_within "drain = 0: SIGTERM ends it at once" 0 2000

finish
