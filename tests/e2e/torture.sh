#!/usr/bin/env bash
# torture - clients on a raw socket split, reorder, repeat, delay and lose segments: 100000 answers, octet for octet right, nothing left behind.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
runs=${1:-100000}

world
cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -I"$TOP" "$E2E/torture.c" -o "$LAB_DIR/torture"
mac=$(lab_in router cat /sys/class/net/v0/address)
seed=${TORTURE_SEED:-20261122}
expect "$runs runs, seed $seed" "^right $runs of $runs" \
	lab_in jp timeout 250 "$LAB_DIR/torture" eth0 "$mac" 192.0.2.96 $R4 2001:db8::1000 $R6 paths.cdn.example "$runs" "$seed"
none_kept() {
	ctl show tcp | grep -qE '^connections kept now +0$'
}
wait_until 15 "connections to end" none_kept
ok "no connection is left in the table"
expect "they were kept" '^kept so far +[0-9]{4}' ctl show tcp
expect "others are answered as before" '^302 ' get fr http://paths.cdn.example/live/9

finish
