#!/usr/bin/env bash
# ri_faults - the Redirection Interface (RFC 7975) among CDNs that are hostile, too many, too old, full, or in a circle.
# SPDX-License-Identifier: BSD-3-Clause
#
#   users --- a --- b --- c     a asks h, too, which is a script; u and v ask a, and are this test
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../../scripts/cdni.sh
source "$TOP/scripts/cdni.sh"

A=192.0.2.1 WAIT=800
FALLBACK='^192\.0\.2\.91$'

# --- configurations ------------------------------------------------------------------------------------------------------------

peers_of_a() {
	cat <<-'END'
		{ name = "cdn-h"; roles = [ "downstream" ]; identity = "cdn-h.example"; provider-id = "AS64504:1"; redirection = "https://10.9.0.4:8443/ri"; },
		{ name = "cdn-u"; roles = [ "upstream" ]; identity = "cdn-u.example"; provider-id = "AS64510:1"; disclose = "nodes"; limits = { connections = 1024; }; },
		{ name = "cdn-v"; roles = [ "upstream" ]; identity = "cdn-v.example"; provider-id = "AS64511:1"; disclose = "nodes"; limits = { connections = 1000; }; },
	END
}

configure_a() { # STRATEGY [SED-SCRIPT]
	cdni_config a "s/strategy = \"iterative\"/strategy = \"$1\"/; ${2:-}
		s|^  certificate = \"a.crt\"|  listen = [ \"10.9.0.1:8443\" ]; certificate = \"a.crt\"|
		s|^peers = \\(|&$(peers_of_a | tr '\n' ' ')|
		s|^cdns  = \\(|&{ name = \"cdn-h\"; provider-id = \"AS64504:1\"; strategy = \"semi-recursive\"; },|
		s|^scopes   = \\(|&{ name = \"h\"; hosts = [ \"*.h.csp.example\" ]; candidates = ( { cdn = \"cdn-h\"; } ); },|
		s|hosts = \\[ \"www.csp.example\"|&, \"*.www.csp.example\"|"
}

limited='s|^    advertise = \(|&{ capability-type = "FCI.CapacityLimits"; capability-value = { limits = ( { id = "r"; limit-type = "requests"; maximum-hard = 10; } ); }; },|'
circle='s/roles = \[ "upstream" \]/roles = [ "upstream", "downstream" ]; redirection = "https:\/\/10.9.0.1:8443\/ri"/
	s/^cdns  = \(/&{ name = "cdn-a"; strategy = "semi-recursive"; },/; s/candidates = \( \{ cdn = "cdn-c"/candidates = ( { cdn = "cdn-a"/'

reload() { # CDN: what it was told is forgotten, too
	cdni_of "$1" reload >/dev/null
	sleep 0.3
}

again() { # CDN PEER
	cdni_of "$1" peer "$2" reset >/dev/null
	wait_until 20 "$1 to learn from $2" cdni_is "$1" "$2" established
}

of_peer() { # CDN PEER PATH...: a number out of show peer
	cdni_of "$1" --json show peer "$2" | "$PYTHON" -c '
import json, sys
at = json.load(sys.stdin)
for step in sys.argv[1:]:
    at = at[step]
print(at)' "${@:3}"
}

times() { # NAME COUNT GAP-MS
	lab_in fr "$PYTHON" "$E2E/times.py" $A "$@"
}

# --- questions that u asks -------------------------------------------------------------------------------------------------------

ask_a() { # BODY [CURL OPTION...]
	lab_in cdn-u curl -s --max-time 8 --cert "$LAB_DIR/u.crt" --key "$LAB_DIR/u.key" --cacert "$LAB_DIR/ca.crt" \
		--resolve cdn-a.example:8443:10.9.0.1 -H 'Content-Type: application/cdni; ptype=redirection-request' -d "$1" "${@:2}" \
		https://cdn-a.example:8443/ri
}

http_question() { # URI
	printf '{"http":{"c-ip":"198.51.100.7","cs-uri":"%s","cs-method":"GET","cs-version":"HTTP/1.1"},"cdn-path":["AS64510:1"]}' "$1"
}

# --- a CDN that is hostile ---------------------------------------------------------------------------------------------------------

faults_of() { # what was counted of h: without answer, refused, unusable
	echo $(($(of_peer a cdn-h asking failed) + $(of_peer a cdn-h asking refused) + $(of_peer a cdn-h asking unusable)))
}

bears() { # WORD
	local began took before
	cdni_of a peer cdn-h reset >/dev/null
	before=$(faults_of)
	began=$(date +%s%3N)
	expect "$1: DNS gets the fallback" "$FALLBACK" cdni_dig fr $A "$1.h.csp.example"
	took=$(($(date +%s%3N) - began))
	check "$1: in time ($took ms)" test $took -lt $((WAIT + 300))
	expect "$1: HTTP, too" '^302 http://edge\.a\.example/x$' lab_in fr curl -s -o /dev/null --max-time 2 \
		--resolve "$1.h.csp.example:80:$A" -w '%{http_code} %header{location}\n' "http://$1.h.csp.example/x"
	check "$1: counted" wait_until 5 "$1 to be counted" more_faults "$before"
}

more_faults() { # THAN
	(($(faults_of) > $1))
}

hostile() {
	local word
	lab_spawn h cdn-h "$PYTHON" "$E2E/hostile_ri.py" 10.9.0.4 8443 "$LAB_DIR/h.crt" "$LAB_DIR/h.key" "$LAB_DIR/ca.crt"
	wait_until 10 "the script to listen" lab_in cdn-h sh -c 'ss -ltn | grep -q :8443'
	expect "a good answer is used" '^203\.0\.113\.66$' cdni_dig fr $A good.h.csp.example
	for word in garbage half type huge crlf other busy broken slow silent; do
		bears "$word"
	done
	expect "plain: no Location with http for a URI with https" '"error-code":50' ask_a "$(http_question https://plain.h.csp.example/x)"
	expect "range: one who asked is answered" '^203\.0\.113\.66$' cdni_dig fr $A range.h.csp.example
	expect "the log says what was unusable" 'peer cdn-h: its answer to a redirection request' cat "$LAB_DIR/a.log"
	cdni_of a peer cdn-h reset >/dev/null
	for ((word = 0; word < 40; word++)); do
		lab_in fr dig @$A "silent-$word.h.csp.example" A +tries=1 +time=3 +short >/dev/null &
		asked_pids+=($!)
	done
	told=$(times '*.www.csp.example' 100 10)
	expect "while it is silent, those for another CDN do not wait ($told)" '^median [0-4]?[0-9] ms' echo "$told"
	expect "and are all answered by it" ': cname 100$' echo "$told"
	expect "as it was asked for each" '^[1-9][0-9][0-9]$' of_peer a cdn-b asking sent
	wait "${asked_pids[@]}" || true
	check "the log says that it does not answer" wait_until 10 "the log" grep -q 'redirection requests in a row had no answer' "$LAB_DIR/a.log"
}
asked_pids=()

# --- a crowd -------------------------------------------------------------------------------------------------------------------------

crowd() {
	local before name
	before=$(of_memory)
	echo 'www.csp.example A' >"$LAB_DIR/names"
	lab_spawn rate fr dnsperf -s $A -d "$LAB_DIR/names" -l 200 -Q 1000 -q 50 -t 3
	lab_spawn others cdn-u "$PYTHON" "$E2E/crowd.py" 10.9.0.1 8443 1000 "$LAB_DIR/u.crt" "$LAB_DIR/u.key"
	lab_spawn full cdn-u "$PYTHON" "$E2E/crowd.py" 10.9.0.1 8443 1010 "$LAB_DIR/v.crt" "$LAB_DIR/v.key"
	wait_until 40 "1,000 connections of u" grep -q '^1000 open' "$LAB_DIR/others.log"
	wait_until 40 "1,000 connections of v" grep -q '^10[01][0-9] open' "$LAB_DIR/full.log"
	expect "u has its connections" '^100[0-9]$' of_peer a cdn-u requests connections-now
	expect "v has as many as it may" '^1000$' of_peer a cdn-v requests connections-now
	expect "those beyond are refused" '^10$' of_peer a cdn-v requests refused_connection
	lab_spawn strangers cdn-u "$PYTHON" "$E2E/crowd.py" 10.9.0.1 8443 500
	wait_until 10 "500 strangers" grep -q open "$LAB_DIR/strangers.log"
	expect "u is answered over one more" '"sc-\(location\)":"http://edge.a.example' ask_a "$(http_question http://broken-1.h.csp.example/x)"
	expect "strangers are refused and counted" '^[1-9][0-9]*$' strangers refused_connection
	told=$(times www.csp.example 100 5)
	expect "the packet path goes on ($told)" '^median [0-4]?[0-9] ms: (cname|192\.0\.2\.9[23]) 100$' echo "$told"
	kill -INT "${LAB_PID[rate]}"
	lab_wait rate || true
	expect "at its rate" 'Queries per second: +(9[5-9][0-9]|10[0-4][0-9])\.' cat "$LAB_DIR/rate.log"
	expect "and without loss" 'Queries lost: +0 ' cat "$LAB_DIR/rate.log"
	check "memory is bounded ($((($(of_memory) - before) >> 20)) MiB more)" test $(($(of_memory) - before)) -lt $((400 << 20))
	for name in strangers others full; do
		lab_stop "$name"
	done
}

of_memory() {
	cdni_of a --json status | sed -n 's/.*"memory": *\([0-9]*\).*/\1/p'
}

strangers() { # COUNTER
	cdni_of a --json show peers | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["strangers"][sys.argv[1]])' "$1"
}

# --- a certificate that ends ------------------------------------------------------------------------------------------------------------

brief_certificate() { # FILE SECONDS: its request is there; in place of the one that is there
	: >"$LAB_DIR/index.txt"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
		"$LAB_DIR/index.txt" "$LAB_DIR" >"$LAB_DIR/ca.conf"
	openssl ca -config "$LAB_DIR/ca.conf" -batch -notext -in "$LAB_DIR/$1.csr" -cert "$LAB_DIR/ca.crt" -keyfile "$LAB_DIR/ca.key" \
		-startdate "$(date -u -d '-1 hour' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "+$2 seconds" +%Y%m%d%H%M%SZ)" -out "$LAB_DIR/$1.crt" \
		-extfile <(printf 'subjectAltName=DNS:cdn-%s.example\nextendedKeyUsage=serverAuth,clientAuth\n' "$1") 2>/dev/null
}

expired() {
	[[ $(of_peer b cdn-a requests cut_expired) != 0 ]] && ! cdni_is a cdn-b established
}

ends() {
	cp "$LAB_DIR/a.crt" "$LAB_DIR/a.crt.good"
	lab_stop a
	brief_certificate a 9
	cdni_start a
	wait_until 8 "A to learn from B" cdni_is a cdn-b established
	check "a certificate that ends while it is used cuts the connection" wait_until 15 "the end" expired
	expect "the log of B says why" 'closed a connection of the peer .cdn-a. .* has ended' cat "$LAB_DIR/b.log"
	expect "the session of A is over" '^state +(stale|connecting|down)$' cdni_of a show peer cdn-b
	expect "and says why" '^last error +.*[a-z]' cdni_of a show peer cdn-b
	cp "$LAB_DIR/a.crt.good" "$LAB_DIR/a.crt"
	reload a
	again a cdn-b
	ok "with a new one it is back"
}

# --- a CDN that is full --------------------------------------------------------------------------------------------------------------------

capacity() {
	configure_a iterative
	reload a
	cdni_config b "$limited"
	reload b
	wait_until 5 "the limit to be told" advertised
	times www.csp.example 300 5 >/dev/null
	told=$(times www.csp.example 300 5)
	expect "what is more than the limit goes to the fallback ($told)" '192\.0\.2\.91 2[0-9][0-9], cname [1-9]' echo "$told"
	cdni_config b
	reload b
	wait_until 5 "the limit to go" released
	expect "without the limit it gets all" 'ms: cname 50$' times www.csp.example 50 2
}
advertised() {
	cdni_of a show route peer cdn-b type FCI.CapacityLimits | grep -q accepted
}
released() {
	! advertised && times www.csp.example 5 1 | grep -q 'cname 5$'
}

# --- circles -----------------------------------------------------------------------------------------------------------------------------------

hops() {
	cdni_config b 's/strategy = "iterative"/strategy = "semi-recursive"/'
	configure_a semi-recursive 's/max-hops    = 4/max-hops = 1/'
	reload b
	reload a
	again b cdn-c
	again a cdn-b
	local before
	before=$(of_peer b cdn-c asking sent)
	expect "max-hops = 1: B answers with a node of its own" '^192\.0\.2\.92$' cdni_dig fr $A www.csp.example
	expect "and asks nobody" "^$before\$" of_peer b cdn-c asking sent
	cdni_config b "$circle"
	configure_a semi-recursive 's/(name = "cdn-b"; roles = \[ "downstream") \]/\1, "upstream" ]/'
	reload b
	reload a
	again a cdn-b
	expect "a, b, a: the circle is broken" '^192\.0\.2\.92$' cdni_dig fr $A www.csp.example
	expect "as A refused" '^[1-9]' of_peer a cdn-b redirects errors 502
}

cdni_begin
for name in h u; do
	lab_namespace "cdn-$name"
	lab_link "cdn-$name" eth0
	lab_in "cdn-$name" ip address add "10.9.0.$([[ $name == h ]] && echo 4 || echo 9)/24" dev eth0
	lab_in "cdn-$name" ip link set eth0 up
done
for name in h u v; do
	lab_certificate "$name" "cdn-$name.example"
done
configure_a semi-recursive
cdni_config b 's/hosts = \[ "www.csp.example"/&, "*.www.csp.example"/'
cdni_start_all
hostile
crowd
ends
capacity
hops
kill -0 "${LAB_PID[a]}" 2>/dev/null || not_ok "a still runs at the end" "$(tail -n 40 "$LAB_DIR/a.log")"
finish
