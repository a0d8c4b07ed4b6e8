#!/usr/bin/env bash
# net - what a neighbour on the link sees: ARP, neighbour discovery, echo, a VLAN; and DPDK's own telemetry.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world

expect "ARP: a request is answered" 'Received 1 response' lab_in fr arping -c 1 -w 3 -I eth0 $R4
expect "ARP: a probe for a duplicate address is answered" 'Received 1 response' lab_in fr arping -D -c 1 -w 3 -I eth0 $R4
expect "ARP: no answer for an address that is not ours" 'Received 0 response' lab_in fr arping -c 1 -w 1 -I eth0 192.0.2.7
expect "ping" ' 3 received' lab_in fr ping -c 3 -i 0.2 -W 2 $R4
expect "ping with 1400 bytes" ' 1 received' lab_in fr ping -c 1 -W 2 -s 1400 $R4
expect "ping over IPv6" ' 3 received' lab_in fr ping -6 -c 3 -i 0.2 -W 2 $R6
expect "the neighbour is known by neighbour discovery" 'lladdr ([0-9a-f]{2}:){5}[0-9a-f]{2}' lab_in fr ip -6 neighbour show $R6

mac=$(lab_in fr ip neighbour show $R4 | sed -nE 's/.*lladdr ([0-9a-f:]+).*/\1/p')
expect "a client in a VLAN gets its answer in that VLAN" '^tag 5, 1 answers$' \
	lab_in fr python3 "$E2E/vlan.py" eth0 5 198.51.100.10 $R4 "$mac" www.cdn.example

telemetry() { # COMMAND
	lab_in router dpdk-telemetry.py -f "$LAB" <<<"$1"
}
lab_in fr dig "@$R4" +time=2 www.example.org >"$LAB_DIR/dig.out" || true
expect "telemetry knows the drops by name" '"dns_refused": *[1-9]' telemetry /turnout/drops
lab_in fr ping -q -i 0.002 -c 200 "$R4" >/dev/null
expect "telemetry knows the cycles of the steps of sampled bursts" \
	'"bursts": *[1-9].*"packets": *[1-9].*"rx": *[1-9].*"classify": *[1-9].*"tx": *[1-9].*"service_p99_ns": *[1-9]' telemetry /turnout/cycles
expect "telemetry lists DPDK's own counters" '"ipackets": *[1-9]' telemetry /ethdev/stats,0
expect "show drops counts the same" 'dns_refused' ctl show drops
expect "no checksum was found wrong on a clean link" '^0$' sh -c "
	'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' --json show drops |
	python3 -c 'import json, sys; print(sum(d[\"count\"] for d in json.load(sys.stdin)[\"drops\"] if \"checksum\" in d[\"reason\"]))'"

finish
