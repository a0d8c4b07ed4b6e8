#!/usr/bin/env bash
# metadata - CDNI metadata over TLS: b accepts requests by what a and a scripted CDN e serve of it, and denies them when it is not known any more.
# SPDX-License-Identifier: BSD-3-Clause
#
#   clients fr, us --- b --- a, e
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cdns.sh
source "$(dirname "${BASH_SOURCE[0]}")/cdns.sh"

HOLD=16

# --- configurations ------------------------------------------------------------------------------------------------------

imports() { # NAME MORE: a member of a peer
	printf 'metadata = { host-index = "https://%s:8443/metadata/"; accept = { candidates = ( { node = "own"; } ); }; refresh-min = 1; %s };
		hold-time = %s;' "${SELF[$1]}" "$2" "$HOLD"
}

configure_b() { # MEMBERS-OF-A [MEMBERS-OF-E]
	configuration b "net_af_packet0,iface=v0" >"$LAB_DIR/b.conf" <<-END
		peers = (
		  $(peer a '"upstream"' "$1" | if [[ ${2:-} ]]; then cat; else sed 's/,$//'; fi)
		  $([[ ! ${2:-} ]] || peer e '"upstream"' "$2" | sed 's/,$//')
		);
		zones = ( { name = "cdn.example"; servers = ( { name = "ns1.cdn.example"; addresses = [ "$R4" ]; } ); } );
		nodes = ( { name = "own"; }, { name = "spare"; } );
		dris = ( { node = "own"; dns-target = { addresses = [ "192.0.2.90" ]; ttl = 0; }; http-target = { host = "own.cdn.example"; }; },
		  { node = "spare"; dns-target = { addresses = [ "192.0.2.91" ]; ttl = 0; }; http-target = { host = "spare.cdn.example"; }; } );
		fallback = { node = "spare"; };
		scopes = ( { name = "www"; hosts = [ "www.cdn.example" ]; candidates = ( { node = "own"; } ); },
		  { name = "rest"; hosts = [ "*.cdn.example" ]; candidates = ( { node = "spare"; } ); } );
	END
}

configure_a() {
	configuration a net_null0 >"$LAB_DIR/a.conf" <<-END
		peers = ( $(peer b '"downstream"' 'serve-metadata = { file = "b.json"; max-age = 1; };')
		  $(peer e '"downstream"' '' | sed 's/,$//') );
		nodes = ( { name = "own"; } );
		dris = ( { node = "own"; dns-target = { addresses = [ "192.0.2.92" ]; }; } );
		fallback = { node = "own"; };
	END
}

FROM_E='limits = { entries = 100; octets = 1000000; };'

# --- what a says -----------------------------------------------------------------------------------------------------------

generic() { # TYPE VALUE [MEMBERS]
	printf '{"generic-metadata-type": "%s", "generic-metadata-value": %s%s}' "$1" "$2" "${3:+, $3}"
}

host() { # NAME [OBJECTS [PATHS]]
	printf '{"host": "%s.cdn.example", "host-metadata": {"metadata": [%s], "paths": [%s]}}' "$1" "${2:-}" "${3:-}"
}

path() { # PATTERN OBJECTS
	printf '{"path-pattern": {"pattern": "%s"}, "path-metadata": {"metadata": [%s]}}' "$1" "$2"
}

only_from() { # PREFIX
	generic MI.LocationACL '{"locations": [{"action": "allow", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["'"$1"'"]}]}]}'
}

between() { # START END
	generic MI.TimeWindowACL '{"times": [{"action": "allow", "windows": [{"start": '"$1"', "end": '"$2"'}]}]}'
}

only_by() { # PROTOCOL
	generic MI.ProtocolACL '{"protocol-acl": [{"action": "allow", "protocols": ["'"$1"'"]}]}'
}

say() { # HOST...
	local IFS=,
	printf '{"hosts": [%s]}\n' "$*" >"$LAB_DIR/b.json"
}

say_all() { # PREFIX that geo is for
	say "$(host geo "$(only_from "$1")")" "$(host now "$(between 1 4000000000)")" "$(host past "$(between 1 2)")" \
		"$(host plain "$(only_by http/1.1)")" "$(host secure "$(only_by https/1.1)")" \
		"$(host part '' "$(path '/private/*' "$(only_by none/1)")")" \
		"$(host signed "$(generic MI.UriSigning '{}')")" \
		"$(host back "$(generic MI.Unknown '{}'), $(generic MI.FallbackTarget '{"host": "origin.example.net"}')")"
}

# --- questions ---------------------------------------------------------------------------------------------------------------

dns() { # CLIENT NAME: its status, or its addresses and names
	lab_in "$1" dig "@$R4" +tries=1 +time=1 +noall +comments +answer "$2.cdn.example" A |
		awk '/status:/ { sub(/,/, "", $6); status = $6 } $4 == "A" || $4 == "CNAME" { status = $5 } END { print status }'
}

is() { # CLIENT NAME ANSWER
	[[ $(dns "$1" "$2") == "$3" ]]
}

becomes() { # NAME CLIENT HOST ANSWER [SECONDS]
	local end=$((SECONDS + ${5:-5}))
	until is "$2" "$3" "$4"; do
		((SECONDS < end)) || break
		sleep 0.1
	done
	expect "$1" "^$4\$" dns "$2" "$3"
}

shows() { # PEER REGEX [SECONDS]
	local end=$((SECONDS + ${3:-5}))
	until of b show peer "cdn-$1" | grep -qE "$2"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# Asks as long as the test runs; whatever else happens to the tables, this one has its answer.
ask_always() {
	local asked=0 missed=0
	while [[ ! -e $LAB_DIR/enough ]]; do
		is fr www 192.0.2.90 || missed=$((missed + 1))
		asked=$((asked + 1))
		echo "$asked $missed" >"$LAB_DIR/asked"
	done
}

lab_begin
cdns a b e
packet_path b
lab_host fr 198.51.100.10/24
lab_host us 203.0.113.10/24
lab_route fr 192.0.2.0/24
lab_route us 192.0.2.0/24
configure_a
configure_b "$(imports a 'enforced = [ "MI.SourceMetadata" ];')" "$(imports e '') $FROM_E"
say_all 198.51.100.0/24
echo good >"$LAB_DIR/mode"
lab_spawn e cdn-e "$PYTHON" "$E2E/scripted_peer.py" "${SELF[e]}" 8443 "$LAB_DIR/e.crt" "$LAB_DIR/e.key" "$LAB_DIR/ca.crt" "$LAB_DIR/mode"
start b
expect "before its metadata has come a host is not known to it" '^192.0.2.91$' dns fr geo
start a
ask_always &
asking=$!

# --- decisions ----------------------------------------------------------------------------------------------------------------

becomes "a location that is allowed" fr geo 192.0.2.90
expect "one that is not" '^REFUSED$' dns us geo
expect "over HTTP, too" '^302 http://own.cdn.example/x$' get fr http://geo.cdn.example/x
expect "and denied" '^403' get us http://geo.cdn.example/x
expect "a time window that is open" '^192.0.2.90$' dns us now
expect "one that is over" '^REFUSED$' dns us past
expect "a protocol that is allowed" '^302 http://own.cdn.example/x$' get us http://plain.cdn.example/x
expect "one that is not allowed" '^403' get us http://secure.cdn.example/x
expect "a path" '^403' get us http://part.cdn.example/private/x
expect "and beside it" '^302 http://own.cdn.example/public$' get us http://part.cdn.example/public
expect "URI signing is not enforced here" '^403' get us http://signed.cdn.example/x
expect "what cannot be served goes to the fallback target" '^302 http://origin.example.net/x$' get us http://back.cdn.example/x
expect "hosts that the metadata does not have are as they were" '^192.0.2.91$' dns us other
expect "the metadata is shown" '^metadata +fresh$' of b show peer cdn-a
expect "with its hosts" '^hosts +8$' of b show peer cdn-a
expect "and what is denied for lack of enforcement" '^parts denied +[1-9]' of b show peer cdn-a
expect "scopes are named after the peer" 'md/cdn-a:geo.cdn.example#0' of b show scopes
becomes "another peer has metadata, too" fr e 192.0.2.90

# --- what a serves -----------------------------------------------------------------------------------------------------------

at_a() { # CERTIFICATE PATH CURL-ARGUMENT...: the head, the body, then the status
	lab_in cdn-e curl -sk --max-time 5 -D - -w '\n%{http_code}\n' --cert "$LAB_DIR/$1.crt" --key "$LAB_DIR/$1.key" \
		"https://${SELF[a]}:8443$2" "${@:3}" | tr -d '\r'
}
expect "the HostIndex has its media type" '^Content-Type: application/cdni; ptype=MI.HostIndex$' at_a b /metadata/
expect "and links" '"href":"https://10.9.0.1:8443/metadata/hosts/geo.cdn.example","type":"MI.HostMetadata"' at_a b /metadata/
expect "to documents" '^Content-Type: application/cdni; ptype=MI.HostMetadata$' at_a b /metadata/hosts/geo.cdn.example
expect "which say how long they are good" '^Cache-Control: max-age=1$' at_a b /metadata/hosts/geo.cdn.example
etag=$(at_a b /metadata/ | sed -n 's/^ETag: //p')
expect "what is there already is not sent again" '^304$' at_a b /metadata/ -H "If-None-Match: $etag"
expect "HEAD" '^200$' at_a b /metadata/ -I
expect "a document that is not there" '^404$' at_a b /metadata/hosts/other.cdn.example
expect "nothing is there for another peer" '^404$' at_a e /metadata/

# --- changes -------------------------------------------------------------------------------------------------------------------

before=$(of b --json status | sed -n 's/.*"generation": *\([0-9]*\).*/\1/p')
sleep 2
expect "documents that did not change are not sent to b again" '^not modified +[1-9]' of b show peer cdn-a
expect "what changes nothing makes no generation" "\"generation\": *$before\\b" of b --json status
say_all 203.0.113.0/24
reload a
becomes "a change of the file is seen within its refresh" us geo 192.0.2.90 4
expect "as a whole" '^REFUSED$' dns fr geo
expect "as one generation" "\"generation\": *$((before + 1))\\b" of b --json status
say "$(host geo "$(generic MI.LocationACL '{"locations": 5}')")"
expect "a file with a fault is refused" 'b.json.*LocationACL: locations: expected a list' of a reload
sleep 2
expect "and the old one stays in use" '^192.0.2.90$' dns us geo
say "$(host geo "$(only_from 203.0.113.0/24)")"
reload a
becomes "hosts that are not in it any more are not known again" us now 192.0.2.91
expect "nor denied" '^192.0.2.91$' dns us past

# --- a goes, and e does not keep to the rules ----------------------------------------------------------------------------------

lab_stop a
went=$SECONDS
check "when a is away its metadata is stale" shows a '^metadata +stale$'
bears() { # MODE REGEX
	echo "$1" >"$LAB_DIR/mode"
	local before
	before=$(of b show peer cdn-e | sed -n 's/^failures *//p')
	of b peer cdn-e reset >/dev/null
	shows e "^last error +.*($2)" || true
	expect "$1: is said" "^last error +.*($2)" of b show peer cdn-e
	expect "$1: and counted" '^yes$' sh -c "test $(of b show peer cdn-e | sed -n 's/^failures *//p') -gt $before && echo yes"
	expect "$1: and logged" "cdn-e: its metadata was not taken: .*($2)" cat "$LAB_DIR/b.log"
	expect "$1: what was there before stays" '^192.0.2.90$' dns fr e
}
bears type 'media type is text/html'
bears bulky 'octets'
bears half 'answer|transfer|closed|missing'
bears noise 'HTTP|protocol|answer'
bears deep 'not JSON'
bears double 'duplicate'
bears away '307|redirect|host'
bears loop 'a loop'
bears wide 'more than 100 documents'
bears gone 'status 404'
expect "meanwhile what a said stays" '^192.0.2.90$' dns us geo
echo faulty >"$LAB_DIR/mode"
of b peer cdn-e reset >/dev/null
becomes "a host with faults is denied" fr f REFUSED
expect "and the others are not" '^192.0.2.90$' dns fr e
check "faults are counted" shows e '^faults +[1-9]'
echo closed >"$LAB_DIR/mode"
becomes "what closes a host is seen by Cache-Control" fr e REFUSED 8
echo good >"$LAB_DIR/mode"
becomes "and what opens it" fr e 192.0.2.90 8
expect "set down it is denied" 'peer' of b peer cdn-e down
becomes "at once" fr e REFUSED 2
of b peer cdn-e up >/dev/null
becomes "and set up it is back" fr e 192.0.2.90
becomes "a is not there any more, and when the hold time is over its hosts are denied" us geo REFUSED $((went + HOLD + 5 - SECONDS))
expect "not before" '^yes$' sh -c "test $((SECONDS - went)) -ge $((HOLD - 1)) && echo yes"
expect "which is shown" '^metadata +denied$' of b show peer cdn-a
expect "hosts of others are not" '^192.0.2.90$' dns fr e
start a
of b peer cdn-a reset >/dev/null
becomes "they come back with it" us geo 192.0.2.90

# --- configurations --------------------------------------------------------------------------------------------------------------

configure_b "$(imports a 'dns = false;')"
reload b
becomes "a peer that is no more takes its metadata along" fr e 192.0.2.91
becomes "metadata may be for HTTP alone" fr geo 192.0.2.91
expect "which it decides on" '^403' get fr http://geo.cdn.example/x
touch "$LAB_DIR/enough"
wait "$asking"
read -r asked missed <"$LAB_DIR/asked"
expect "all this time $asked questions for another name were answered, but for $missed" '^0$' echo "$missed"
lab_stop a
restart b
expect "what was imported is used after a restart" '^403' get fr http://geo.cdn.example/x
expect "as stale" '^metadata +stale$' of b show peer cdn-a
configure_b ''
reload b
shown() {
	! of b show scopes | grep -q md/
}
wait_until 5 "the scopes to go" shown
expect "without its configuration it goes" '^302 http://spare.cdn.example/x$' get fr http://geo.cdn.example/x
kill -0 "${LAB_PID[b]}" 2>/dev/null || not_ok "b still runs at the end" "$(tail -n 40 "$LAB_DIR/b.log")"
finish
