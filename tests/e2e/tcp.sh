#!/usr/bin/env bash
# tcp - connections that need state: heads and answers in many segments, DNS over TCP, keep-alive, half-closes, slow clients, bounds.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

client() { # ADDRESS WHAT...
	lab_in fr "$PYTHON" "$E2E/tcp_client.py" "$@"
}

tcp() { # MEMBER: of show tcp, its number now
	ctl --json show tcp | "$PYTHON" -c "import json, sys; print(json.load(sys.stdin)['$1'])"
}

world

# --- HTTP --------------------------------------------------------------------------------------------------------------

long=$(printf 'x%.0s' {1..1900})
for at in "$R4" "[$R6]"; do
	plain=${at//[\[\]]/}
	expect "a request cut at any octet ($plain)" '^good 52 of 52$' client "$plain" split
	expect "octet by octet ($plain)" '^good$' client "$plain" trickle
	expect "a half-closed client gets its answer ($plain)" '^good$' client "$plain" half
	expect "a head of six segments, by curl ($plain)" '^302 ' \
		lab_in fr curl -s -o /dev/null -m 5 -w '%{http_code} \n' -H 'Host: paths.cdn.example' -H "Cookie: $(printf 'c%.0s' {1..7500})" "http://$at/live/9"
	expect "an answer of two segments, by curl ($plain)" "^302 https://cache.cdn-c.example:8080/live/$long$" \
		lab_in fr curl -s -o /dev/null -m 5 -w '%{http_code} %header{location}\n' -H 'Host: paths.cdn.example' "http://$at/live/$long"
	expect "a head past its limit gets 431 ($plain)" '^431 ' \
		lab_in fr curl -s -o /dev/null -m 5 -w '%{http_code} \n' -H 'Host: paths.cdn.example' -H "Cookie: $(printf 'c%.0s' {1..9000})" "http://$at/live/9"
done

head -c 300000 /dev/zero | tr '\0' x >"$LAB_DIR/body"
for octets in 100 1400 6000 300000; do
	head -c $octets "$LAB_DIR/body" >"$LAB_DIR/part"
	expect "a body of $octets octets does not stand between a client and its answer" '^405 $' \
		lab_in fr curl -s -o /dev/null -m 5 -w '%{http_code} %{errormsg}\n' -H 'Host: paths.cdn.example' --data-binary "@$LAB_DIR/part" "http://$R4/live/9"
done

# --- DNS ---------------------------------------------------------------------------------------------------------------

expect "dig over TCP" '^vod\.cdn-c\.example\.' dig_in fr +tcp +short h.wild.cdn.example
expect "dig over TCP, IPv6" '^vod\.cdn-c\.example\.' lab_in fr dig "@$R6" +tcp +short h.wild.cdn.example
for at in "$R4" "$R6"; do
	expect "kdig keeps the connection ($at)" '^vod\.cdn-c\.example\.' \
		lab_in fr kdig "@$at" +tcp +keepopen +short h1.wild.cdn.example A h2.wild.cdn.example A
	expect "kdig over UDP ($at)" '^vod\.cdn-c\.example\.' lab_in fr kdig "@$at" +short h1.wild.cdn.example A
	expect "drill over TCP ($at)" 'vod\.cdn-c\.example\.' lab_in fr drill -t "@$at" h.wild.cdn.example
	expect "drill over UDP ($at)" 'vod\.cdn-c\.example\.' lab_in fr drill "@$at" h.wild.cdn.example
done
expect "300 pipelined queries" '^good 300$' client "$R4" dns 300
expect "300 pipelined queries, IPv6" '^good 300$' client "$R6" dns 300
expect "a client that reads late and little" '^good 400$' client "$R4" reader
many=$(for i in {1..60}; do printf ', "many TXT %s"' "$(printf 'x%.0s' {1..60})$i"; done)
ctl add zone "{\"name\": \"big.test\", \"servers\": [{\"name\": \"ns.big.test\", \"addresses\": [\"$R4\"]}], \"records\": [${many#, }]}" >/dev/null
expect "what does not fit a datagram gets TC" 'flags: qr aa tc rd; QUERY: 1, ANSWER: 0' dig_in fr +ignore many.big.test TXT
expect "RFC 7766 5: and the whole over TCP" 'flags: qr aa rd; QUERY: 1, ANSWER: 60' dig_in fr many.big.test TXT
expect "kdig tries again over TCP, too" 'ANSWER: 60' lab_in fr kdig "@$R6" many.big.test TXT
echo 'h.wild.cdn.example A' >"$LAB_DIR/names"
expect "dnsperf over TCP loses nothing" 'Queries lost: +0 ' \
	lab_in fr dnsperf -s $R4 -d "$LAB_DIR/names" -m tcp -c 10 -q 200 -l 2
nothing_is_kept() {
	[[ $(tcp connections) == 0 ]]
}
wait_until 5 "all connections to end" nothing_is_kept
ok "nothing is kept when all have ended"

# --- jumbo frames ------------------------------------------------------------------------------------------------------

lab_stop turnoutd
for end in to-fr to-router; do
	lab_in wire ip link set "$end" mtu 9000
done
lab_in wire ip link set bridge mtu 9000
lab_in fr ip link set eth0 mtu 9000
lab_in router ip link set v0 mtu 9000
sed -E 's/net_af_packet0,iface=v0/net_pcap0,iface=v0,phy_mac=1/; s/mbufs = 8192;/mbufs = 4096; mtu = 9000;/' "$LAB_DIR/e2e.conf" >"$LAB_DIR/jumbo.conf"
turnoutd_start "$LAB_DIR/jumbo.conf"
expect "MTU 9000: a head of 7,500 octets in one frame" '^302 ' \
	lab_in fr curl -s -o /dev/null -m 5 -w '%{http_code} \n' -H 'Host: paths.cdn.example' -H "Cookie: $(printf 'c%.0s' {1..7500})" "http://$R4/live/9"
expect "it needed no state" '^0$' tcp opened
expect "an answer that is longer than a client's MSS of 1,460" "^302 https://cache.cdn-c.example:8080/live/$long$" \
	get fr "http://paths.cdn.example/live/$long"
expect "300 pipelined queries" '^good 300$' client "$R4" dns 300

# --- bounds ------------------------------------------------------------------------------------------------------------

lab_stop turnoutd
sed -E 's/mbufs = 8192;/mbufs = 8192; keep-alive = true;/; s/^geo/tcp = { connections = 64; buffers = 64; idle = 2; };\ngeo/' \
	"$LAB_DIR/e2e.conf" >"$LAB_DIR/small.conf"
turnoutd_start "$LAB_DIR/small.conf"

expect "keep-alive: two requests, one connection" '^302 0$' \
	lab_in fr curl -s -m 5 -w '%{http_code} %{num_connects}\n' -o /dev/null -o /dev/null -H 'Host: paths.cdn.example' "http://$R4/live/1" "http://$R4/live/2"
for at in "$R4" "[$R6]"; do
	for version in 1.0 1.1; do
		expect "curl --http$version ($at)" '^302 ' \
			lab_in fr curl -s --http$version -m 5 -w '%{http_code} \n' -o /dev/null -H 'Host: paths.cdn.example' "http://$at/live/1"
	done
	wrk_is_clean() {
		lab_in fr wrk -t 1 -c 16 -d 2 -H 'Host: paths.cdn.example' "http://$at/live/1" >"$LAB_DIR/wrk.log"
		! grep -qE 'Socket errors' "$LAB_DIR/wrk.log" && grep -qE '^ +[0-9]{3,} requests in' "$LAB_DIR/wrk.log"
	}
	check "wrk over kept connections, without an error ($at)" wrk_is_clean
done

lab_spawn slow us "$PYTHON" "$E2E/tcp_client.py" "$R4" slow 200 6
wait_until 10 "slow clients" grep -q open "$LAB_DIR/slow.log"
expect "slow clients push each other out" '^[1-9]' tcp evicted
expect "and do not hinder others" '^302 ' get fr http://paths.cdn.example/live/9
expect "nor queries over TCP" '^vod\.cdn-c\.example\.' dig_in fr +tcp +short h.wild.cdn.example
lab_wait slow
expect "all of them were cut off in time" '^closed 200$' cat "$LAB_DIR/slow.log"
expect "show tcp tells" '^given up +[1-9]' ctl show tcp

finish
