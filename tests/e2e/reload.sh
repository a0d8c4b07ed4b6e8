#!/usr/bin/env bash
# reload - tables are exchanged while dnsperf, wrk and a checking client ask: nothing is lost, nothing is mixed.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
seconds=10

version() { # a|b TTL STATUS
	sed -E "s/\"X/\"$1/g; s|\"/X/\"|\"/$1/\"|; s/ttl = T/ttl = $2/; s/http-status = S/http-status = $3/" "$LAB_DIR/reload.conf" \
		>"$LAB_DIR/$1.conf"
}

lab_begin
lab_router
lab_host fr 198.51.100.10/24
lab_host us 203.0.113.10/24
lab_host jp 192.0.2.200/25
for host in fr us jp; do
	lab_route "$host" 192.0.2.0/24
done
lab_config "$E2E/reload.conf"
version a 11 302
version b 22 307
cp "$LAB_DIR/a.conf" "$LAB_DIR/now.conf"
turnoutd_start "$LAB_DIR/now.conf"

echo 'reload.cdn.example A' >"$LAB_DIR/queries"
lab_spawn dnsperf fr dnsperf -s $R4 -d "$LAB_DIR/queries" -l $seconds -Q 2000 -q 50 -t 3
lab_spawn wrk us wrk -t 1 -c 4 -d ${seconds}s --timeout 5s -H 'Host: reload.cdn.example' http://$R4:80/x
lab_spawn ask jp python3 "$E2E/ask.py" $R4 $seconds

reloads=0
refused=0
end=$((SECONDS + seconds))
while ((SECONDS < end)); do
	for which in b a; do
		cp "$LAB_DIR/$which.conf" "$LAB_DIR/next.conf"
		mv "$LAB_DIR/next.conf" "$LAB_DIR/now.conf"
		ctl reload >>"$LAB_DIR/reload.log" 2>&1 || refused=$((refused + 1))
		reloads=$((reloads + 1))
		sleep 0.1
	done
done
asked=0
for name in dnsperf wrk; do
	lab_wait $name || true
done
lab_wait ask || asked=$?

expect "reload under load: $reloads times, none refused" '^0$' echo $refused
expect "reload under load: at least 10 times" 'yes' sh -c "test $reloads -ge 10 && echo yes"
expect "dnsperf lost no query" 'Queries lost: +0 ' cat "$LAB_DIR/dnsperf.log"
expect "dnsperf got NOERROR only" 'Response codes: +NOERROR [0-9]+ \(100\.00%\)$' cat "$LAB_DIR/dnsperf.log"
expect "wrk got answers" '[1-9][0-9]* requests in' cat "$LAB_DIR/wrk.log"
expect "wrk saw no socket error and no error status" '^0$' sh -c "grep -cE 'Socket errors|Non-2xx' '$LAB_DIR/wrk.log'"
expect "the checking client saw whole answers of both versions only" '^0$' sh -c "cat '$LAB_DIR/ask.log'; echo $asked"

finish
