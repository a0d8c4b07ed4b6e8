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
expect "a change reaches both" 'state +down' ctl cdn cdn-c down
expect "and is the answer of both" '^0$' sh -c "
	ip netns exec $LAB-fr sh -c 'for i in \$(seq 20); do dig @$R4 +time=2 +short h\$i.wild.cdn.example; done' | grep -c cdn-c || true"

finish
