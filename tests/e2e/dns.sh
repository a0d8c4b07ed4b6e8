#!/usr/bin/env bash
# dns - questions with dig and kdig: answers by host, footprint and client subnet; negative answers; zone data.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world

short() { # HOST ARGUMENT...: answers on one line, sorted
	dig_in "$@" +short | sort | paste -sd ' '
}

expect "CNAME by host" '^www\.cdn\.example\.\s+60\s+IN\s+CNAME\s+vod\.cdn-b\.example\.$' dig_in fr www.cdn.example A
expect "CNAME for any type" 'CNAME' dig_in fr www.cdn.example TXT +noall +answer
expect "the answer is authoritative" 'flags:.* aa' dig_in fr www.cdn.example A
expect "CNAME below a wildcard" '^vod\.cdn-c\.example\.$' dig_in fr a.b.wild.cdn.example +short
expect "letters of the name come back as they were asked" '^wWw\.cDn\.eXample\.\s.*CNAME' dig_in fr wWw.cDn.eXample A

expect "A in France" '^192\.0\.2\.92$' short fr geo.cdn.example A
expect "A in the United States" '^192\.0\.2\.93$' short us geo.cdn.example A
expect "AAAA in France" '^2001:db8::92$' short fr geo.cdn.example AAAA
expect "several addresses" '^192\.0\.2\.90 192\.0\.2\.91$' short fr dark.cdn.example A
expect "A by autonomous system" '^192\.0\.2\.93$' short us net.cdn.example A
expect "A by subdivision" '^192\.0\.2\.93$' short us state.cdn.example A
expect "client subnet in the next subdivision: NODATA, for that half" 'CLIENT-SUBNET: 203\.0\.113\.128/25/25$' \
	dig_in us state.cdn.example A +subnet=203.0.113.128/25
expect "A by address prefix" '^192\.0\.2\.92$' short fr net.cdn.example A

expect "client subnet decides, not the resolver" '^192\.0\.2\.92$' short us geo.cdn.example A +subnet=198.51.100.0/24
expect "client subnet of IPv6 decides" '^192\.0\.2\.93$' short fr geo.cdn.example A +subnet=2001:db8:a::/48
expect "client subnet comes back with the scope that the answer depends on" 'CLIENT-SUBNET: 198\.51\.100\.0/24/24$' \
	dig_in us geo.cdn.example A +subnet=198.51.100.0/24
expect "client subnet longer than the footprint: its scope is shorter" 'CLIENT-SUBNET: 198\.51\.100\.64/26/24$' \
	dig_in us geo.cdn.example A +subnet=198.51.100.64/26
expect "client subnet shorter than the footprint: its scope is longer" 'CLIENT-SUBNET: 198\.51\.0\.0/16/(1[789]|2[0-9])$' \
	dig_in us geo.cdn.example A +subnet=198.51.0.0/16
expect "client subnet that plays no part has scope 0" 'CLIENT-SUBNET: 198\.51\.100\.0/24/0$' \
	dig_in us www.cdn.example A +subnet=198.51.100.0/24
expect "client subnet 0 asks for no tailoring by it" 'CLIENT-SUBNET: 0\.0\.0\.0/0/0$' \
	dig_in us geo.cdn.example A +subnet=0.0.0.0/0

expect "EDNS in, EDNS out" 'EDNS: version: 0, flags:; udp: 1232' dig_in fr www.cdn.example A +edns=0
expect "no EDNS in, none out" 'ADDITIONAL: 0' dig_in fr www.cdn.example A +noedns
expect "EDNS version 1: BADVERS" 'status: BADVERS' dig_in fr www.cdn.example A +edns=1 +noednsnegotiation
expect "opcode STATUS: NOTIMP" 'status: NOTIMP' dig_in fr www.cdn.example A +opcode=STATUS

expect "kdig over IPv6" 'CNAME\s+vod\.cdn-b\.example\.' lab_in fr kdig "@$R6" +time=2 www.cdn.example A
expect "footprint by the resolver's IPv6 address" '^2001:db8::93$' lab_in us kdig "@$R6" +time=2 +short geo.cdn.example AAAA

nodata() { # HOST NAME TYPE: NOERROR, no answer, the SOA
	dig_in "$@" | tr '\n' ' ' | grep -E 'status: NOERROR.* ANSWER: 0, AUTHORITY: 1,.*SOA'
}
check "NODATA: no such type" nodata fr dark.cdn.example TXT
check "NODATA: a node that has IPv6 only" nodata fr v6.cdn.example A
check "NODATA: nobody serves this footprint" nodata jp geo.cdn.example A
check "NODATA: the scope is for another type" nodata fr types.cdn.example A
check "NODATA: a name between names" nodata fr wild.cdn.example A
expect "the type that the scope is for" '^2001:db8::92$' short fr types.cdn.example AAAA
expect "NXDOMAIN" 'status: NXDOMAIN' dig_in fr nothing.cdn.example A
expect "NXDOMAIN comes with the SOA" '^cdn\.example\.\s+[0-9]+\s+IN\s+SOA\s+ns1\.cdn\.example\. hostmaster\.cdn\.example\.' \
	dig_in fr nothing.cdn.example A
expect "REFUSED outside our zones" 'status: REFUSED' dig_in fr www.example.org A
expect "REFUSED for class CHAOS" 'status: REFUSED' dig_in fr version.bind TXT -c CH
expect "REFUSED for a denied name" 'status: REFUSED' dig_in fr locked.cdn.example A
expect "NXDOMAIN for a denied name, when so configured" 'status: NXDOMAIN' dig_in fr hidden.cdn.example A

expect "SOA of the zone" '^ns1\.cdn\.example\. hostmaster\.cdn\.example\. [0-9]+' dig_in fr cdn.example SOA +short
expect "NS of the zone" '^ns1\.cdn\.example\.$' dig_in fr cdn.example NS +short
expect "A of the name server" '^192\.0\.2\.1$' dig_in fr ns1.cdn.example A +short
expect "AAAA of the name server" '^2001:db8::1$' dig_in fr ns1.cdn.example AAAA +short

finish
