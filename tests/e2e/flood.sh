#!/usr/bin/env bash
# flood - SYN floods, DNS floods from made-up sources, stray segments and slow clients; meanwhile good clients get their answers, memory stays as it
# is, and what comes out for each spoofed octet is bounded.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
rate=20000

member() { # METHOD PATH: a number of its JSON result
	ctl --json show "$1" | "$PYTHON" -c "import json, sys; d = json.load(sys.stdin); print(eval('d' + sys.argv[1]))" "$2"
}

octets() { # tx and rx of the worker
	printf '%s %s\n' "$(member workers '["workers"][0]["tx-bytes"]')" "$(member workers '["workers"][0]["rx-bytes"]')"
}

resident() { # KiB of turnoutd
	awk '/^VmRSS/ { print $2 }' "/proc/${LAB_PID[turnoutd]}/status"
}

flood() { # MODE SECONDS
	lab_in jp "$LAB_DIR/flood" eth0 "$mac" $R4 "$1" $rate "$2"
}

amplification() { # MODE: octets out for each octet in, in hundredths
	local before after
	read -ra before < <(octets)
	flood "$1" 2 >"$LAB_DIR/flood.log"
	sleep 0.2
	read -ra after < <(octets)
	echo $((100 * (after[0] - before[0]) / (after[1] - before[1])))
}

at_most() { # NAME BOUND MODE
	local got
	got=$(amplification "$3")
	if ((got <= $2)); then
		ok "$1: $got octets out for 100 in"
	else
		not_ok "$1" "$got octets out for 100 in, at most $2 are expected"
	fi
}

good() { # NAME: clients at a steady rate, by DNS and HTTP, meanwhile; at least 90 % are answered
	lab_spawn steady fr "$PYTHON" "$E2E/steady.py" $R4 200 4
	lab_in fr dnsperf -s $R4 -d "$LAB_DIR/names" -Q 1000 -l 4 -t 1 >"$LAB_DIR/dnsperf.log" 2>&1 || true
	lab_wait steady || true
	local dns http
	dns=$(awk '/Queries completed:/ { gsub(/[(%)]/, ""); print int($4) }' "$LAB_DIR/dnsperf.log")
	http=$(awk '{ print int($6) }' "$LAB_DIR/steady.log")
	if ((${dns:-0} >= 90 && ${http:-0} >= 90)); then
		ok "$1: $dns % of the queries and $http % of the requests are answered"
	else
		not_ok "$1" "answered: ${dns:-none} % of the queries, ${http:-none} % of the requests"$'\n'"$(tail -n 20 "$LAB_DIR/dnsperf.log" "$LAB_DIR/steady.log")"
	fi
}

world
lab_stop turnoutd
sed -E 's/^geo/tcp = { connections = 256; buffers = 256; idle = 3; };\ndns = { rate-limit = { per-second = 5; exempt = [ "198.51.100.0\/24" ]; }; };\ngeo/' \
	"$LAB_DIR/e2e.conf" >"$LAB_DIR/flood.conf"
turnoutd_start "$LAB_DIR/flood.conf"
cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -I"$TOP" "$E2E/flood.c" -o "$LAB_DIR/flood"
mac=$(lab_in router cat /sys/class/net/v0/address)
for i in {1..100}; do
	echo "h$i.wild.cdn.example A"
done >"$LAB_DIR/names"

slow_clients() { # beside them good ones
	lab_spawn slow us "$PYTHON" "$E2E/tcp_client.py" "$R4" slow 600 5
	wait_until 10 "slow clients" grep -q open "$LAB_DIR/slow.log"
	good "$1"
	lab_wait slow || true
}

good "without a flood"
slow_clients "beside 600 slow clients, of whom 256 have a place"
for mode in syn dns stray; do
	lab_spawn flood jp "$LAB_DIR/flood" eth0 "$mac" $R4 $mode $rate 5
	good "under $rate frames a second of $mode"
	lab_wait flood || true
done

before=$(resident)
at_most "a SYN is not amplified" 115 syn
at_most "nor a stray segment" 100 stray
at_most "nor, with a rate limit, queries from everywhere" 200 dns
slow_clients "beside slow clients once more"
after=$(resident)
if ((after - before < 512)); then
	ok "memory is as before: $before KiB, $after KiB"
else
	not_ok "memory is as before" "$before KiB, then $after KiB"
fi
expect "connections are kept for none of them" '^connections kept now +[0-9]{1,2}$' ctl show tcp
expect "and good clients are answered afterwards" '^302 ' get fr http://paths.cdn.example/live/9

finish
