#!/usr/bin/env bash
# workers - two workers on one link: a queue pair each, both answer, and none waits for the other.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

world
lab_stop turnoutd
sed -E 's/^workers = \{ count = 1/workers = { count = 2/; s/iface=v0/iface=v0,qpairs=2/' \
	"$LAB_DIR/e2e.conf" >"$LAB_DIR/two.conf"
turnoutd_start "$LAB_DIR/two.conf"

expect "cycles before there was traffic" 'No burst has been sampled yet' ctl show cycles
for i in {1..40}; do
	echo "h$i.wild.cdn.example A"
done >"$LAB_DIR/names"
expect "no query is lost, whichever worker gets it" 'Queries lost: +0 ' \
	lab_in fr dnsperf -s $R4 -d "$LAB_DIR/names" -c 20 -l 2
expect "connections of both are answered" '^40$' sh -c "
	ip netns exec $LAB-fr sh -c 'for i in \$(seq 40); do
		curl -s -o /dev/null -m 5 -w \"%{http_code}\n\" -H \"Host: paths.cdn.example\" http://$R4/live/\$i; done' | grep -c 302"
expect "both workers answered queries" '^2$' sh -c "
	'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' --json show workers |
	python3 -c 'import json, sys; print(sum(w[\"dns-redirects\"] > 0 for w in json.load(sys.stdin)[\"workers\"]))'"
expect "cycles of the stages of both add up, and a burst's time is between a tenth of a microsecond and a minute" '^2 good$' sh -c "
	'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' --json show cycles | python3 -c '
import json, sys
told = json.load(sys.stdin)
steps = list(told[\"share\"])
def good(w):
    times = [w[\"service-\" + n] for n in (\"p50\", \"p99\", \"p99.9\", \"max\")]
    return (abs(sum(w[s] for s in steps) - w[\"sum\"]) < 1 and min(w[s] for s in steps) >= 0 and w[\"match\"] > 1 and w[\"rx\"] > 1
            and times == sorted(times) and 0.1 < times[0] and times[-1] < 6e7 and 1 <= w[\"packets-per-burst\"] <= 32)
print(sum(good(w) for w in told[\"workers\"]), \"good\" if good(told[\"all\"]) and abs(sum(told[\"share\"].values()) - 100) < 1 else \"bad\")'"
expect "and are printed" '^match +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ %' ctl show cycles
expect "a change reaches both" 'state +down' ctl cdn cdn-c down
expect "and is the answer of both" '^0$' sh -c "
	ip netns exec $LAB-fr sh -c 'for i in \$(seq 20); do dig @$R4 +time=2 +short h\$i.wild.cdn.example; done' | grep -c cdn-c || true"

finish
