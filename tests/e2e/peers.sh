#!/usr/bin/env bash
# peers - three CDNs that advertise to each other over TLS: a learns from b, which hands on what c says; and a peer that does not keep to
# the rules.
# SPDX-License-Identifier: BSD-3-Clause
#
#   client fr --- a --- b --- c      a learns from b and from the scripted peer e; b learns from c; c learns from a (a loop)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=cdns.sh
source "$(dirname "${BASH_SOURCE[0]}")/cdns.sh"

# --- configurations -----------------------------------------------------------------------------------

learns_from() { # NAME WHO: and who is it that asks. A stream gives a sign of life every 15 seconds
	printf 'directory = "https://%s:8443/alto/cdn-%s"; hold-time = 18; stale-time = 4;' "${SELF[$1]}" "$2"
}

within() { # [PREFIX or PID]
	local type=ipv4cidr
	[[ ${1:-} == */* ]] || type=altopid
	[[ ! ${1:-} ]] || printf 'footprints = ( { footprint-type = "%s"; footprint-value = [ "%s" ]; } );' "$type" "$1"
}

target() { # HOST REDIRECTING-HOST [FOOTPRINT]
	printf '{ capability-type = "FCI.RedirectTarget"; capability-value = { redirecting-hosts = [ "%s" ];
		dns-target = { host = "%s"; }; http-target = { host = "%s"; scheme = "http"; }; }; %s }' "$2" "$1" "$1" "$(within "${3:-}")"
}

protocols() { # PROTOCOL [FOOTPRINT]
	printf '{ capability-type = "FCI.DeliveryProtocol"; capability-value = { delivery-protocols = [ "%s" ]; }; %s }' "$1" \
		"$(within "${2:-}")"
}

configure_a() {
	configuration a "net_af_packet0,iface=v0" >"$LAB_DIR/a.conf" <<-END
		peers = (
		  $(peer b '"downstream"' "$(learns_from b a)")
		  $(peer e '"downstream"' "$(learns_from e a) limits = { entries = 100; octets = 1000000; };" | sed 's|/alto/cdn-a|/alto|')
		  $(peer c '"upstream"' 'advertise = ( ); cascade = [ "cdn-b" ];' | sed 's/,$//')
		);
		zones = ( { name = "cdn.example"; servers = ( { name = "ns1.cdn.example"; addresses = [ "$R4" ]; } ); } );
		cdns = ( { name = "cdn-b"; dri-source = "peer"; }, { name = "cdn-e"; dri-source = "peer"; } );
		nodes = ( { name = "own"; } );
		dris = ( { node = "own"; dns-target = { addresses = [ "192.0.2.90" ]; ttl = 0; }; http-target = { host = "own.cdn.example"; }; } );
		fallback = { node = "own"; };
		scopes = (
		  { name = "www"; hosts = [ "www.cdn.example" ]; candidates = ( { cdn = "cdn-b"; } ); },
		  { name = "poll"; hosts = [ "poll.cdn.example" ]; candidates = ( { cdn = "cdn-e"; } ); } );
	END
}

configure_b() { # ADVERTISED [PREFIX]: base objects; of the footprint "campus"
	configuration b net_null0 >"$LAB_DIR/b.conf" <<-END
		peers = (
		  $(peer a '"upstream"' "advertise = ( $1 ); cascade = [ \"cdn-c\" ];")
		  $(peer c '"downstream"' "$(learns_from c b)" | sed 's/,$//')
		);
		footprints = ( { name = "campus"; $(within "${2:-192.0.2.0/24}") } );
		cdns = ( { name = "cdn-c"; dri-source = "peer"; } );
		scopes = ( { name = "www"; hosts = [ "www.cdn.example" ]; candidates = ( { cdn = "cdn-c"; } ); } );
	END
}

configure_c() { # ADVERTISED
	configuration c net_null0 >"$LAB_DIR/c.conf" <<-END
		peers = (
		  $(peer b '"upstream"' "advertise = ( $1 ); cascade = [ \"cdn-a\" ];")
		  $(peer a '"downstream"' "$(learns_from a c)" | sed 's/,$//')
		);
		cdns = ( { name = "cdn-a"; dri-source = "peer"; } );
		scopes = ( { name = "www"; hosts = [ "www.cdn.example" ]; candidates = ( { cdn = "cdn-a"; } ); } );
	END
}

# --- the CDNs ------------------------------------------------------------------------------------------------------------

state_is() { # NAME PEER STATE
	of "$1" show peer "$2" | grep -qE "^state +$3\$"
}

reaches() { # NAME PEER STATE [SECONDS]
	local end=$((SECONDS + ${4:-15}))
	until state_is "$1" "$2" "$3"; do
		((SECONDS < end)) || break
		sleep 0.1
	done
	expect "$1: $2 is $3" "^state +$3\$" of "$1" show peer "$2"
}

lab_begin
cdns a b c e
packet_path a
lab_host fr 198.51.100.10/24
lab_route fr 192.0.2.0/24
lab_certificate other other.example
FR=198.51.100.0/24
configure_a
configure_b "$(target vod.b.example www.cdn.example $FR), $(protocols http/1.1 $FR)"
configure_c "$(target vod.c.example www.cdn.example)"
start a

# --- a learns from b -------------------------------------------------------------------------------------------------------

reaches a cdn-b down
answered "without its routes the fallback answers" www.cdn.example 192.0.2.90
start b
reaches a cdn-b established 30
answered "what b advertises is answered" www.cdn.example vod.b.example.
expect "its routes are shown" 'FCI.RedirectTarget +accepted' of a show route peer cdn-b
expect "b tells a" 'cdn-a +upstream .* 1 ' of b show peers
configure_b "$(target moved.b.example www.cdn.example $FR)"
reload b
took=$(answers www.cdn.example moved.b.example.) || took=99999
expect "a change of b moves DNS answers within a second ($took ms)" '^yes$' sh -c "test $took -lt 1000 && echo yes"
expect "and HTTP answers" '^302 http://moved.b.example/x$' get fr http://www.cdn.example/x
before=$(rpc_generation=$(of a --json status | sed -n 's/.*"generation": *\([0-9]*\).*/\1/p') && echo "$rpc_generation")
reload b
sleep 1
expect "what changes nothing makes no generation" "\"generation\": *$before\\b" of a --json status
configure_b "$(target moved.b.example www.cdn.example 203.0.113.0/24)"
reload b
answered "a footprint that is withdrawn moves its clients" www.cdn.example 192.0.2.90
configure_b "$(target moved.b.example www.cdn.example $FR)"
reload b
answered "and back" www.cdn.example moved.b.example.

# --- a network map -----------------------------------------------------------------------------------------------------------

configure_b "$(target pid.b.example www.cdn.example campus)" $FR
reload b
answered "a PID of b's network map is resolved" www.cdn.example pid.b.example. 30000
reaches a cdn-b established
configure_b "$(target pid.b.example www.cdn.example campus)" 203.0.113.0/24
reload b
answered "a change of the map moves its clients" www.cdn.example 192.0.2.90
configure_b "$(target pid.b.example www.cdn.example campus)" $FR
reload b
answered "and back, with the map" www.cdn.example pid.b.example.
sed -i 's/"campus"; footprints/"other"; footprints/' "$LAB_DIR/b.conf"
expect "a PID that is no footprint is refused" 'b\.conf:[0-9]+: .*altopid .campus.: no footprint has the name' of b reload
configure_b "$(target moved.b.example www.cdn.example $FR)"
reload b
answered "without the map again" www.cdn.example moved.b.example. 30000

# --- loss and return ---------------------------------------------------------------------------------------------------------

kill -KILL "${LAB_PID[b]}"
lab_wait b 2>/dev/null || true
reaches a cdn-b stale
answered "stale routes are used" www.cdn.example moved.b.example.
start b
reaches a cdn-b established 30
kill -STOP "${LAB_PID[b]}"
reaches a cdn-b stale 30
expect "the hold time is the reason" 'hold time of 18 seconds' of a show peer cdn-b
answered "and its routes are still used" www.cdn.example moved.b.example. 1000
answered "until the stale time is over" www.cdn.example 192.0.2.90 15000
kill -CONT "${LAB_PID[b]}"
reaches a cdn-b established 90
answered "they come back with it" www.cdn.example moved.b.example.
kill -KILL "${LAB_PID[a]}"
lab_wait a 2>/dev/null || true
lab_stop b
start a
answered "what was learnt is used after a restart" www.cdn.example moved.b.example. 2000
expect "as stale" '^routes +stale$' of a show peer cdn-b
answered "until the stale time is over, then, too" www.cdn.example 192.0.2.90 15000
start b
reaches a cdn-b established 90
expect "set down it is down" 'state +down' of a peer cdn-b down
answered "and what it taught is gone" www.cdn.example 192.0.2.90
of a peer cdn-b up >/dev/null
reaches a cdn-b established
answered "set up it is back" www.cdn.example moved.b.example.

# --- who it is ------------------------------------------------------------------------------------------------------------------

sed -i 's/certificate = "b.crt"; key = "b.key"/certificate = "other.crt"; key = "other.key"/' "$LAB_DIR/b.conf"
restart b
sleep 2
expect "the certificate of another one is refused" '^last error .*(other\.example|identity|certificate)' of a show peer cdn-b
configure_b "$(target moved.b.example www.cdn.example $FR)"
restart b
reaches a cdn-b established 90
ask_b() { # FILE ARGUMENT...: as a peer with that certificate
	lab_in cdn-e curl -sk -o /dev/null -w '%{http_code}' --max-time 5 --cert "$LAB_DIR/$1.crt" --key "$LAB_DIR/$1.key" "${@:2}"
}
expect "a peer finds nothing that is told to another one" '^404$' ask_b a "https://${SELF[b]}:8443/alto/cdn-c"
expect "nor does a downstream one" '^403$' ask_b c "https://${SELF[b]}:8443/alto/cdn-c"
expect "a stranger finds nothing at all" '^000$' ask_b other "https://${SELF[b]}:8443/alto/cdn-a"

# --- what b tells ----------------------------------------------------------------------------------------------------------------

at_b() { # PATH CURL-ARGUMENT...: as a, prints the body, then the status
	lab_in cdn-a curl -sk --max-time 5 -w '\n%{http_code}\n' --cert "$LAB_DIR/a.crt" --key "$LAB_DIR/a.key" "https://${SELF[b]}:8443$1" "${@:2}"
}
params='Content-Type: application/alto-updatestreamparams+json'
adv=/alto/cdn-a/advertisement
expect "a directory" '"media-type":"application/alto-cdni\+json"' at_b /alto/cdn-a
etag=$(at_b $adv -D - | sed -n 's/^etag: *\(.*\)\r$/\1/Ip')
expect "an advertisement that is there already is not sent again" '^304$' at_b $adv -H "If-None-Match: $etag"
expect "another one is" '^200$' at_b $adv -H 'If-None-Match: "x"'
expect "a filtered one" '^200$' at_b /alto/cdn-a/filtered -H 'Content-Type: application/alto-cdnifilter+json' --data '{"cdni-capabilities": []}'
expect "by what it cannot know" 'capabilities-with-footprints":\[\]' at_b /alto/cdn-a/filtered -H 'Content-Type: application/cdnifilter+json' \
	--data '{"cdni-capabilities": [{"capability-type": "FCI.Metadata", "capability-value": {"metadata": []}}]}'
expect "by null" 'E_INVALID_FIELD_VALUE' at_b /alto/cdn-a/filtered -H 'Content-Type: application/alto-cdnifilter+json' \
	--data '{"cdni-capabilities": [{"capability-type": "FCI.Metadata", "capability-value": null}]}'
expect "a stream of nothing" 'E_MISSING_FIELD' at_b /alto/cdn-a/updates -H "$params" --data '{}'
expect "of another resource" 'E_INVALID_FIELD_VALUE.*other' at_b /alto/cdn-a/updates -H "$params" --data '{"add": {"s": {"resource-id": "other"}}}'
expect "of no JSON" 'E_SYNTAX' at_b /alto/cdn-a/updates -H "$params" --data '{"add"'
expect "of another type" '^415$' at_b /alto/cdn-a/updates -H 'Content-Type: text/plain' --data '{}'
expect "a method that it has not" '^405$' at_b $adv -X POST --data ''
ended() { # NAME
	! kill -0 "${LAB_PID[$1]}" 2>/dev/null
}
stream() { # NAME SUBSTREAMS
	lab_spawn "$1" cdn-a curl -skN --cert "$LAB_DIR/a.crt" --key "$LAB_DIR/a.key" -H "$params" --data "{\"add\": {$2}}" \
		"https://${SELF[b]}:8443/alto/cdn-a/updates"
}
has() { # NAME REGEX
	grep -qE -- "$2" "$LAB_DIR/$1.log"
}
stream first '"s1": {"resource-id": "cdni-advertisement"}, "s2": {"resource-id": "cdni-advertisement", "incremental-changes": false}'
wait_until 5 "an update stream to begin" has first 'alto-cdni\+json,s2'
expect "its first event is its control" '^1:event: application/alto-updatestreamcontrol\+json$' grep -n event: "$LAB_DIR/first.log"
control=$(sed -n 's/.*"control-uri":"\([^"]*\)".*/\1/p' "$LAB_DIR/first.log")
configure_b "$(target moved.b.example www.cdn.example $FR), $(protocols http/1.1)"
reload b
wait_until 5 "a change to be told" has first 'json-patch\+json,s1|merge-patch\+json,s1'
expect "a change is told as a whole to who wants it so" '^2$' grep -c 'alto-cdni+json,s2' "$LAB_DIR/first.log"
expect "and as a patch else" '^1$' grep -c 'alto-cdni+json,s1' "$LAB_DIR/first.log"
expect "an ID is not used again" 'E_INVALID_FIELD_VALUE' at_b "$control" -H "$params" --data '{"add": {"s1": {"resource-id": "cdni-advertisement"}}}'
expect "nor one removed that is not there" 'E_INVALID_FIELD_VALUE' at_b "$control" -H "$params" --data '{"remove": ["s9"]}'
expect "one is added and one removed" '^204$' at_b "$control" -H "$params" \
	--data '{"add": {"s3": {"resource-id": "cdni-advertisement"}}, "remove": ["s2"]}'
wait_until 5 "the outcome" has first 'alto-cdni\+json,s3'
expect "which is told" '"started":\["s3"\],"stopped":\["s2"\]' cat "$LAB_DIR/first.log"
wait_until 20 "a sign of life" has first '^: '
for i in 2 3 4 5 6 7; do
	stream "more$i" '"s": {"resource-id": "cdni-advertisement"}'
	wait_until 5 "one more stream" has "more$i" 'alto-cdni'
done
expect "there are not too many" '^503$' at_b /alto/cdn-a/updates -H "$params" --data '{"add": {"s": {"resource-id": "cdni-advertisement"}}}'
expect "all of one are removed" '^204$' at_b "$control" -H "$params" --data '{"remove": []}'
expect "then it is over" '^404$' at_b "$control" -H "$params" --data '{"remove": []}'
check "and its connection ends" lab_wait first
for i in 2 3 4 5 6 7; do
	lab_stop "more$i"
done
expect "without PIDs there is no network map" '^404$' at_b /alto/cdn-a/network-map
configure_b "$(target moved.b.example www.cdn.example campus)" $FR
reload b
has_map() {
	at_b /alto/cdn-a/network-map | grep -q '^200$'
}
wait_until 5 "the network map" has_map
expect "it is in the directory" '"uses":\["cdni-advertisement","network-map"\]' at_b /alto/cdn-a
expect "the advertisement depends on it" '"dependent-vtags":\[\{"resource-id":"network-map"' at_b $adv
tag=$(at_b /alto/cdn-a/network-map | sed -n 's/.*"tag":"\([^"]*\)".*/\1/p')
expect "in this version" "\"dependent-vtags\":.*\"tag\":\"$tag\"" at_b $adv
expect "one that is there already is not sent again" '^304$' at_b /alto/cdn-a/network-map -H "If-None-Match: \"$tag\""
stream pids '"objects": {"resource-id": "cdni-advertisement"}, "map": {"resource-id": "network-map"}'
wait_until 5 "an update stream with the map" has pids 'alto-cdni\+json,objects'
configure_b "$(target moved.b.example www.cdn.example campus)" 203.0.113.0/24
reload b
wait_until 5 "a change of the map" has pids 'patch\+json,objects'
expect "the map is told before what depends on it" '^map objects map objects $' sh -c \
	"sed -n 's/^event: .*,//p' '$LAB_DIR/pids.log' | tr '\n' ' '"
configure_b "$(target moved.b.example www.cdn.example $FR)"
reload b
wait_until 10 "a stream to end that has no map any more" ended pids
check "a stream ends when there is no map any more" lab_wait pids
reaches a cdn-b established 90

# --- a cascade --------------------------------------------------------------------------------------------------------------------

configure_c "$(protocols https/1.1 192.0.2.128/25), $(target vod.c.example www.cdn.example)"
start c
of b peer cdn-c reset >/dev/null
reaches b cdn-c established 30
hears() { # NAME PEER TYPE
	of "$1" show route peer "$2" type "$3" | grep -q "$3"
}
wait_until 5 "a to hear of c" hears a cdn-b FCI.DeliveryProtocol
expect "a hears of c through b" 'https/1\.1.*192\.0\.2\.128/25' of a show route peer cdn-b type FCI.DeliveryProtocol
expect "with its way" '"path": \["AS64502:1"\]' sh -c "'$BUILD/turnoutctl' -s '$LAB_DIR/a.sock' --json show route peer cdn-b | tr -d '\n' | sed 's/ *//g; s/:\[/: [/g'"
expect "but of none of its targets" '^0$' sh -c "'$BUILD/turnoutctl' -s '$LAB_DIR/a.sock' show route peer cdn-b | grep -c vod.c.example || true"
reaches c cdn-a established 30
expect "c does not hear of itself: the loop is broken" '^0$' sh -c "'$BUILD/turnoutctl' -s '$LAB_DIR/c.sock' --json show route peer cdn-a | grep -c 'https/1.1' || true"
lab_stop c

# --- DRIs that are pushed --------------------------------------------------------------------------------------------------------

push() { # BODY
	lab_in cdn-b curl -sk --max-time 10 -w '\n%{http_code}\n' --cert "$LAB_DIR/b.crt" --key "$LAB_DIR/b.key" -X PUT \
		-H 'Content-Type: application/json' --data "$1" "https://${SELF[a]}:8443/dri"
}
pushed='{"capability-type":"FCI.RedirectTarget","capability-value":{"redirecting-hosts":["www.cdn.example"],"dns-target":{"host":"pushed.b.example"}}}'
hears_not() { # NAME PEER TYPE
	! hears "$@"
}
wait_until 15 "b to tell a that c is away" hears_not a cdn-b FCI.DeliveryProtocol
ok "what c said goes from a, too, when it is stale at b for too long"
configure_b ""
reload b
answered "without targets the fallback answers" www.cdn.example 192.0.2.90
expect "a DRI is pushed" '^204$' push "$pushed"
answered "and used" www.cdn.example pushed.b.example. 1000
expect "one that is none is refused" '^400$' push '{"capability-type":"FCI.Metadata"}'
expect "with a reason" 'entry 0' push '[{"capability-type":"FCI.RedirectTarget","capability-value":{"dns-target":7}}]'
answered "and changes nothing" www.cdn.example pushed.b.example. 1000
expect "an empty list withdraws it" '^204$' push '[]'
answered "and it is gone" www.cdn.example 192.0.2.90
expect "one that is only upstream cannot push" '^403$' lab_in cdn-c curl -sk -o /dev/null -w '%{http_code}\n' --cert "$LAB_DIR/c.crt" \
	--key "$LAB_DIR/c.key" -X PUT -H 'Content-Type: application/json' --data '[]' "https://${SELF[a]}:8443/dri"
lab_stop b

# --- a peer that does not keep to the rules --------------------------------------------------------------------------------------

mode() { # MODE: and the session begins anew
	echo "$1" >"$LAB_DIR/mode"
	of a peer cdn-e reset >/dev/null
}
bears() { # MODE REGEX [SECONDS]: the error that is shown; the others are answered meanwhile
	local end=$((SECONDS + ${3:-15}))
	mode "$1"
	until of a show peer cdn-e | grep -qE "^last error .*($2)"; do
		((SECONDS < end)) || break
		sleep 0.1
	done
	expect "$1: is said" "^last error .*($2)" of a show peer cdn-e
	answered "$1: what was learnt before stays" poll.cdn.example "$last" 1000
}
echo poll >"$LAB_DIR/mode"
lab_spawn e cdn-e "$PYTHON" "$E2E/scripted_peer.py" "${SELF[e]}" 8443 "$LAB_DIR/e.crt" "$LAB_DIR/e.key" "$LAB_DIR/ca.crt" "$LAB_DIR/mode"
mode poll
reaches a cdn-e polling
answered "without a stream it is polled; a PID is resolved" poll.cdn.example poll.scripted.example.
echo moved >"$LAB_DIR/mode"
answered "by Cache-Control" poll.cdn.example moved.scripted.example. 10000
last=moved.scripted.example.
sed -i 's/stale-time = 4/stale-time = 600/' "$LAB_DIR/a.conf"
reload a
expect "show config says the peers of the last reload" 'stale-time = 600' of a show config
bears half 'answer|transfer|closed|missing'
bears type 'text/html'
bears noise 'HTTP|protocol|answer'
bears deep 'deep|nested|level'
bears vtag 'another version'
bears double 'twice|duplicate'
bears unfit 'entries|limit'
bears away '307|redirect|host'
bears huge 'more than|octets' 30
bears slow 'hold time' 30
mode stream
reaches a cdn-e established
answered "then it keeps to them" poll.cdn.example stream.scripted.example.
rss=$(of a --json status | sed -n 's/.*"memory": *\([0-9]*\).*/\1/p')
expect "memory stayed bounded ($((rss >> 20)) MiB)" '^yes$' sh -c "test $rss -lt 800000000 && echo yes"
expect "each fault has a line in the log" '[1-9][0-9]* *$' sh -c "grep -c 'peer cdn-e: ' '$LAB_DIR/a.log'"
expect "and not too many" '^yes$' sh -c "test \$(wc -l <'$LAB_DIR/a.log') -lt 400 && echo yes"
expect "all sessions are shown" 'cdn-e +downstream +established' of a show peers

kill -0 "${LAB_PID[a]}" 2>/dev/null || not_ok "a still runs at the end" "$(tail -n 40 "$LAB_DIR/a.log")"
finish
