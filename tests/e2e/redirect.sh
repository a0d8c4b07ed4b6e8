#!/usr/bin/env bash
# redirect - CDNs that ask each other for redirection targets (RFC 7975) over TLS; the test speaks for two upstream ones.
# SPDX-License-Identifier: BSD-3-Clause
#
#   u, v (the test) --- a --- b --- c      u may not see nodes, v may; a and b ask each other (a loop), b asks c
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

declare -A SELF=([a]=10.9.0.1 [b]=10.9.0.2 [c]=10.9.0.3 [u]=10.9.0.9)
declare -A ID=([a]=AS64500:1 [b]=AS64501:1 [c]=AS64502:1 [u]=AS64510:1 [v]=AS64511:1)

# --- certificates and configurations -----------------------------------------------------------------------------------

peer() { # NAME ROLES [MEMBERS]
	printf '{ name = "cdn-%s"; roles = [ %s ]; identity = "cdn-%s.example"; provider-id = "%s"; %s }' "$1" "$2" "$1" "${ID[$1]}" \
		"${3:-}"
}

asked() { # NAME: a downstream peer's member
	printf 'redirection = "https://%s:8443/ri";' "${SELF[$1]}"
}

node() { # NAME ADDRESS
	printf '{ node = "%s"; dns-target = { addresses = [ "%s" ]; ttl = 20; }; http-target = { host = "%s.example"; }; }' "$1" "$2" "$1"
}

scope() { # HOST CANDIDATE...: as "cdn cdn-c", "node n1"
	local host=$1 list="" one
	for one in "${@:2}"; do
		list+="${list:+, }{ ${one% *} = \"${one#* }\"; }"
	done
	printf '{ name = "%s"; hosts = [ "%s" ]; candidates = ( %s ); }' "${host#\*.}" "$host" "$list"
}

configuration() { # NAME: its peers and tables come from standard input
	cat >"$LAB_DIR/$1.conf" - <(cat <<-END
		eal = { hugepages = false; memory = 128; prefix = "$LAB-$1"; };
		workers = { count = 1; idle = "sleep"; };
		ports = ( { name = "p0"; vdev = "net_null0"; addresses = [ "$R4" ]; mbufs = 4096; } );
		control = { socket = "$LAB_DIR/$1.sock"; };
		interconnection = { provider-id = "${ID[$1]}"; listen = [ "${SELF[$1]}:8443" ]; certificate = "$1.crt"; key = "$1.key";
		  authorities = "ca.crt"; router = "rr"; };
	END
	)
}

configure() {
	configuration a <<-END
		peers = ( $(peer v '"upstream"' 'disclose = "nodes";'), $(peer b '"upstream", "downstream"' "$(asked b)") );
		cdns = ( { name = "cdn-b"; strategy = "semi-recursive"; } );
		scopes = ( $(scope loop.example "cdn cdn-b") );
	END
	configuration b <<-END
		peers = ( $(peer u '"upstream"'), $(peer v '"upstream"' 'disclose = "nodes";'),
		  $(peer a '"upstream", "downstream"' "$(asked a) disclose = \"nodes\";"), $(peer c '"downstream"' "$(asked c)") );
		cdns = ( { name = "cdn-a"; strategy = "semi-recursive"; }, { name = "cdn-c"; strategy = "semi-recursive"; } );
		nodes = ( { name = "n1"; }, { name = "rr"; } );
		dris = ( $(node n1 198.51.100.1), $(node rr 198.51.100.9) );
		scopes = ( $(scope node.example "node n1"), $(scope semi.example "cdn cdn-c"), $(scope name.example "cdn cdn-c"),
		  $(scope loop.example "cdn cdn-a" "node n1"), $(scope "*.dead.example" "cdn cdn-c" "node n1") );
	END
	configuration c <<-END
		peers = ( $(peer b '"upstream"' 'disclose = "nodes";') );
		nodes = ( { name = "c1"; }, { name = "c2"; } );
		dris = ( $(node c1 203.0.113.1), { node = "c2"; dns-target = { host = "c2.example"; ttl = 20; }; } );
		scopes = ( $(scope semi.example "node c1"), $(scope name.example "node c2"), $(scope "*.dead.example" "node c1") );
	END
}

# --- the CDNs ------------------------------------------------------------------------------------------------------------

of() { # NAME VERB...: turnoutctl towards one of them
	"$BUILD/turnoutctl" -s "$LAB_DIR/$1.sock" "${@:2}"
}

start() { # NAME
	lab_spawn "$1" "cdn-$1" "$BUILD/turnoutd" -c "$LAB_DIR/$1.conf"
	at_end rm -rf "/run/dpdk/$LAB-$1"
}

strategy() { # CDN STRATEGY: of b, changed while it runs
	"$PYTHON" "$E2E/rpc.py" "$LAB_DIR/b.sock" put \
		"{\"kind\": \"cdn\", \"object\": {\"name\": \"$1\", \"strategy\": \"$2\"}}" >/dev/null
}

# --- messages ------------------------------------------------------------------------------------------------------------

TYPE='application/cdni; ptype=redirection-request'

post() { # WHO CDN BODY [CURL OPTION...]: the answer, then its status, type and Cache-Control
	lab_in cdn-u curl -s --max-time 8 --cert "$LAB_DIR/$1.crt" --key "$LAB_DIR/$1.key" --cacert "$LAB_DIR/ca.crt" \
		--resolve "cdn-$2.example:8443:${SELF[$2]}" -H "Content-Type: $TYPE" -d "$3" \
		-w '\n%{http_code} %{content_type} %header{cache-control}\n' "${@:4}" "https://cdn-$2.example:8443/ri"
}

dns() { # HOST PATH [MORE-OF-DNS [MORE]]
	printf '{"dns":{"resolver-ip":"192.0.2.53","qtype":"A","qclass":"IN","qname":"%s"%s},"cdn-path":[%s]%s}' "$1" "${3:-}" "$2" \
		"${4:-}"
}

http() { # URI PATH [MORE]
	printf '{"http":{"c-ip":"192.0.2.7","cs-uri":"%s","cs-method":"GET","cs-version":"HTTP/1.1"},"cdn-path":[%s]%s}' "$1" "$2" \
		"${3:-}"
}

says() { # NAME REGEX WHO CDN BODY [CURL OPTION...]
	expect "$1" "$2" post "${@:3}"
}

counts() { # NAME CDN PEER FIELD NUMBER
	expect "$1" "^$4 +$5\$" of "$2" show peer "$3"
}

lab_begin
for name in a b c u; do
	lab_namespace "cdn-$name"
	lab_link "cdn-$name" eth0
	lab_in "cdn-$name" ip address add "${SELF[$name]}/24" dev eth0
	lab_in "cdn-$name" ip link set eth0 up
done
lab_authority
for name in a b c u v other; do
	lab_certificate "$name" "cdn-$name.example"
done
configure
for name in a b c; do
	start "$name"
done
for name in a b c; do
	wait_until 30 "CDN $name to start" of "$name" status
done
U="\"${ID[u]}\"" V="\"${ID[v]}\"" B="\"${ID[b]}\"" C="\"${ID[c]}\""

# --- what is answered -----------------------------------------------------------------------------------------------------

says "a DNS request of one that may see nodes gets a node" '"a":\["198.51.100.1"\]' v b "$(dns node.example "$V")"
says "with the path" "\"cdn-path\":\\[$V,$B\\]" v b "$(dns node.example "$V")"
says "its type and for how long it may be kept" \
	'^200 application/cdni; ptype=redirection-response max-age=20, stale-while-revalidate=20, stale-if-error=300$' v b \
	"$(dns node.example "$V")"
says "an HTTP request, too" '"sc-\(location\)":"http://n1.example/x\?y=1"' v b "$(http 'http://node.example/x?y=1' "$V")"
says "one that may not see nodes gets our request router by DNS" '"a":\["198.51.100.9"\]' u b "$(dns node.example "$U")"
says "and by HTTP" '"sc-\(location\)":"http://rr.example/x"' u b "$(http http://node.example/x "$U")"
expect "without the path" '^no$' sh -c "grep -q cdn-path <<'X' && echo yes || echo no
$(post u b "$(dns node.example "$U")")
X"

# --- what is refused -------------------------------------------------------------------------------------------------------

says "we are in the path already" '"error-code":502' u b "$(dns node.example "$B,$U")"
says "the path is longer than max-hops" '"error-code":503' u b "$(dns node.example "\"AS1:1\",$U" '' ',"max-hops":1')"
says "a CDN would have to be asked, which max-hops forbids" '"error-code":503' u b "$(dns semi.example "$U" '' ',"max-hops":1')"
says "but a node is told" '^200 ' u b "$(dns node.example "$U" '' ',"max-hops":1')"
says "dns-only, where no node may be seen" '"error-code":506' u b "$(dns node.example "$U" ',"dns-only":true')"
says "dns-only" '"a":\["198.51.100.1"\]' v b "$(dns node.example "$V" ',"dns-only":true')"
says "nobody's name" '"error-code":500' u b "$(dns nobody.example "$U")"
says "the path does not end with the peer" '"error-code":400' u b "$(dns node.example "$V")"
says "malformed" '^400 .* no-store$' u b '{'
TYPE=application/json says "another type" '^415 ' u b "$(dns node.example "$U")"
says "GET" '^405 ' u b '' -G
says "a downstream peer may not ask" '^403 ' c b "$(dns node.example "$C")"
says "a certificate of nobody we know" '^000 ' other b "$(dns node.example "$U")"
counts "all of that is counted" b cdn-u "errors 4xx" 3
expect "by code" '^errors 5xx +.*"?502"?[":= ]+1\b' of b show peer cdn-u

# --- cascades --------------------------------------------------------------------------------------------------------------

says "b asks c and tells what it says" '"a":\["203.0.113.1"\]' v b "$(dns semi.example "$V")"
says "each CDN has put itself into the path" "\"cdn-path\":\\[$V,$B,$C\\]" v b "$(dns semi.example "$V")"
counts "the second was answered from what is kept" b cdn-c "cache hits" 1
counts "c was asked once" c cdn-b "redirection requests of it" 1
says "an HTTP request, too" '"sc-\(location\)":"http://c1.example/x"' v b "$(http http://semi.example/x "$V")"
says "semi-recursive: a name is good" '"cname":\["c2.example"\]' v b "$(dns name.example "$V")"
strategy cdn-c full-recursive
says "full-recursive: it is not" '"error-code":506' v b "$(dns name.example "$V")"
says "but the address of a node" '"a":\["203.0.113.1"\]' v b "$(dns semi.example "$V")"
says "a loop a, b, a: b takes its next candidate" '"a":\["198.51.100.1"\]' v a "$(dns loop.example "$V")"
expect "as a refused it with 502" '^errors 5xx +.*"?502"?[":= ]+1\b' of a show peer cdn-b

# --- a CDN that is gone ----------------------------------------------------------------------------------------------------

kill -KILL "${LAB_PID[c]}"
lab_wait c 2>/dev/null || true
for i in 1 2 3 4 5; do
	says "c is gone: the next candidate ($i)" '"a":\["198.51.100.1"\]' v b "$(dns "$i.dead.example" "$V")"
done
counts "the breaker is open" b cdn-c breaker open
before=$(of b show peer cdn-c | sed -n 's/^redirection requests to it *//p')
says "and nothing is asked" '"a":\["198.51.100.1"\]' v b "$(dns 6.dead.example "$V")"
counts "no question went" b cdn-c "redirection requests to it" "$before"
check "the log says so once" test "$(grep -c 'redirection requests in a row had no answer' "$LAB_DIR/b.log")" = 1
start c
wait_until 30 "CDN c to start" of c status
comes_back() {
	post v b "$(dns "again$RANDOM.dead.example" "$V")" | grep -q '203.0.113.1'
}
check "it is asked again when a probe was answered" wait_until 35 "c to be asked" comes_back
counts "the breaker is closed" b cdn-c breaker closed
finish
