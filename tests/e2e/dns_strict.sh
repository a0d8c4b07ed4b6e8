#!/usr/bin/env bash
# dns_strict - DNS as strict testers want it, with dig and kdig: header, EDNS, cookies, identity, extended errors, rate, fragments.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

SECRET=e5e973e5a6b2a43f48e7dc849e37bfcf
dns_settings() { # the members of the group dns that this test wants
	cat <<-END
		dns = {
		  cookie-secrets = [ "$SECRET" ]; nsid = "e2e"; version = "turnout e2e"; id = "edge0"; error-text = true;
		  client-subnet-trusted = [ "198.51.100.0/24", "2001:db8:f::/48" ];
		  rate-limit = { per-second = 5; slip = 2; exempt = [ "198.51.100.0/24", "2001:db8::/32" ]; };
		};
	END
}
WORLD_MORE=$(dns_settings)
world

not_in() { # REGEX COMMAND...: it prints no such line
	local regex=$1
	shift
	! "$@" | grep -E -- "$regex"
}

dig_raw() { # HOST ARGUMENT...: a single try, the answer as it is
	dig_in "$@" +tries=1 +ignore +nocookie
}

# --- Header ------------------------------------------------------------------------------------------------------------

for opcode in 1 2 3 4 5 6 9 15; do
	expect "RFC 1035 4.1.1: opcode $opcode is NOTIMP" 'status: NOTIMP' dig_raw fr www.cdn.example A "+opcode=$opcode"
done
expect "RFC 4035 3.1.6: AD and CD are cleared, RD comes back" 'flags: qr aa rd;' dig_raw fr www.cdn.example A +adflag +cdflag +rdflag
expect "RFC 1035 4.1.1: Z, TC and RA do not come back" 'flags: qr aa;' dig_raw fr www.cdn.example A +zflag +tcflag +raflag +noad +nord
expect "RFC 3597 2: an unknown type" 'status: NOERROR' dig_raw fr dark.cdn.example TYPE65280
expect "RFC 1035 3.2.4: an unknown class" 'status: REFUSED' dig_raw fr dark.cdn.example A -c CLASS65280
expect "RFC 7873 5.4: a query without question for a cookie" 'COOKIE: [0-9a-f]{48}' dig_in fr +header-only +cookie=2464c4abcf10c957
expect "RFC 9619 4: a query without question and cookie" 'status: FORMERR' dig_raw fr +header-only

# --- EDNS --------------------------------------------------------------------------------------------------------------

expect "RFC 6891 6.1.3: version 1 is BADVERS" 'status: BADVERS' dig_raw fr www.cdn.example A +edns=1 +noednsneg
expect "RFC 6891 6.1.3: dig negotiates the version" 'status: NOERROR' dig_in fr www.cdn.example A +edns=1
expect "RFC 6891 6.1.4: unknown flags are ignored, DO comes back" 'EDNS: version: 0, flags: do; udp: 1232' \
	dig_raw fr www.cdn.example A +ednsflags=0xffff +dnssec
expect "RFC 6891 6.1.2: unknown options are ignored" 'status: NOERROR' dig_raw fr www.cdn.example A +ednsopt=65001:c0ffee

# --- Client subnet ---------------------------------------------------------------------------------------------------

expect "RFC 7871 6: a bit past the prefix is FORMERR" 'status: FORMERR' dig_raw fr geo.cdn.example A +ednsopt=8:00011700cb007103
expect "RFC 8914 4.1: the extended error says so" 'EDE: 0 .*malformed client subnet' dig_raw fr geo.cdn.example A +ednsopt=8:00011700cb007103
expect "RFC 7871 11.3: a trusted resolver is believed" 'CLIENT-SUBNET: 203\.0\.113\.0/24/' dig_raw fr geo.cdn.example A +subnet=203.0.113.0/24
check "RFC 7871 7.2.1: another one gets no option back" not_in 'CLIENT-SUBNET' dig_raw jp www.cdn.example A +subnet=203.0.113.0/24
expect "and is answered for its own address" '^192\.0\.2\.93$' dig_raw us geo.cdn.example A +subnet=198.51.100.0/24 +short

# --- Cookies -----------------------------------------------------------------------------------------------------------

expect "RFC 7873 5.2.3: a client cookie gets a server cookie" 'COOKIE: 2464c4abcf10c95701000000[0-9a-f]{24} \(good\)' \
	dig_in fr www.cdn.example A +cookie=2464c4abcf10c957
expect "RFC 7873 5.2.2: a malformed cookie is FORMERR" 'status: FORMERR' dig_in fr www.cdn.example A +nocookie +ednsopt=10:01020304
expect "kdig takes the cookie" 'COOKIE: 0102030405060708' lab_in fr kdig "@$R6" +time=2 +cookie=0102030405060708 www.cdn.example A

# --- Identity and extended errors -------------------------------------------------------------------------------------

expect "RFC 5001 2.1: the identifier when asked for" 'NSID: .*"?e2e"?' dig_raw fr www.cdn.example A +nsid
expect "kdig asks for it too" 'NSID: .*e2e' lab_in fr kdig "@$R6" +time=2 +nsid www.cdn.example A
expect "RFC 4892 3: version.bind" '"turnout e2e"' dig_raw fr version.bind TXT -c CH +short
expect "RFC 4892 3: id.server" '"edge0"' dig_raw fr id.server TXT -c CH +short
expect "RFC 8914 4.19: denied" 'EDE: 18 .*locked' dig_raw fr locked.cdn.example A
expect "RFC 8914 4.21: outside the zones" 'EDE: 20' dig_raw fr www.example.org A
expect "RFC 8914 4.22: not supported" 'EDE: 21' dig_raw fr www.cdn.example A +opcode=2

# --- IP fragments: by the kernel of the client --------------------------------------------------------------------------

padded() { # ADDRESS OCTETS
	lab_in fr "$PYTHON" "$E2E/dns_burst.py" --pad "$2" "$1" 1 www.cdn.example
}
for address in "$R4" "$R6"; do
	for octets in 1500 1700; do
		expect "a query of more than $octets octets in fragments to $address" '^answers 1, truncated 0$' padded "$address" "$octets"
	done
	expect "one of 4,000 octets is not answered" '^answers 0, truncated 0$' padded "$address" 4000
done
expect "it is dropped by its name" '^ip_reassembly +[1-9]' ctl show drops

# --- Rate ------------------------------------------------------------------------------------------------------------------

burst() { # HOST [--cookie]: 200 queries at once
	local host=$1
	shift
	lab_in "$host" "$PYTHON" "$E2E/dns_burst.py" "$@" "$R4" 200 www.cdn.example
}
expect "over the rate half of the answers are truncated, half are dropped" '^answers (1[0-9]|2[0-9]), truncated (8[0-9]|9[0-9])$' burst us
expect "counted: dropped" '^dns_rate +[1-9]' ctl show drops
expect "counted: truncated" '^dns_slip +[1-9]' ctl show drops
expect "a prefix that is exempt has no limit" '^answers 200, truncated 0$' burst fr
expect "RFC 7873 5.2.5: a valid cookie has no limit" '^answers 200, truncated 0$' burst us --cookie

finish
