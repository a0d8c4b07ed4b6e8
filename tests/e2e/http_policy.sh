#!/usr/bin/env bash
# http_policy - what the group http and scopes set: methods, limits, contents, caching, and whose word about the client is taken.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

restart() { # SETTINGS: the group http of a turnoutd that begins anew; connections are kept
	sed "s/mbufs = 8192;/mbufs = 8192; keep-alive = true;/" "$E2E/e2e.conf" >"$LAB_DIR/policy.in"
	lab_config "$LAB_DIR/policy.in" policy.conf
	printf 'http = { %s };\n' "$1" >>"$LAB_DIR/policy.conf"
	lab_stop turnoutd
	turnoutd_start "$LAB_DIR/policy.conf"
}

fields() { # HOST URL [CURL OPTION...]: the head of the answer
	local host=$1 url=$2
	shift 2
	lab_in "$host" curl -s -o /dev/null -D - --max-time 5 --path-as-is --resolve "*:80:$R4" "$@" "$url" | tr -d '\r'
}

content() { # HOST URL [CURL OPTION...]
	local host=$1 url=$2
	shift 2
	lab_in "$host" curl -s --max-time 5 --resolve "*:80:$R4" "$@" "$url"
}

no_field() { # FIELD HOST URL [CURL OPTION...]: an answer without it
	local name=$1 out
	shift
	out=$(fields "$@")
	echo "$out"
	[[ $out == 'HTTP/1.1 '* ]] && ! grep -qi "^$name:" <<<"$out"
}

proxy() { # HOST CLIENT TO [PATH...]
	lab_in "$1" "$PYTHON" "$E2E/proxy_v2.py" "$R4" "${@:2}"
}

p=http://paths.cdn.example
geo=http://geo.cdn.example/

# --- the defaults ----------------------------------------------------------------------------------------------------------

world
expect "HTTP/1.0 by curl" '^302 ' get fr $p/live/1 --http1.0
expect "HTTP/1.1 by curl" '^302 ' get fr $p/live/1 --http1.1
expect "a body that is announced is not read" '^302 ' get fr $p/live/1 -X GET -d "$(printf 'b%.0s' {1..300})"
expect "Expect: 100-continue gets the answer at once" '^302 ' get fr $p/live/1 -X GET -H 'Expect: 100-continue' -d body
expect "another expectation is 417" '^417 ' get fr $p/live/1 -H 'Expect: the-best'
expect "a coding before chunked is 501" '^501 ' get fr $p/live/1 -H 'Transfer-Encoding: gzip, chunked'
expect "Content-Length beside Transfer-Encoding is 400" '^HTTP/1\.1 400 ' \
	raw fr 'GET / HTTP/1.1\r\nHost: paths.cdn.example\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'
expect "Vary names the field of a pattern" '^Vary: user-agent$' fields fr $p/other
expect "it does where the pattern matched" '^Vary: user-agent$' fields fr $p/other -A Mobile
check "no Vary where no field was looked at" no_field Vary fr http://s307.cdn.example/x
check "no Cache-Control unless it is set" no_field Cache-Control fr http://s301.cdn.example/x
expect "no content for who asks for JSON" '^Content-Length: 0$' fields fr $p/live/1 -H 'Accept: application/json'
expect "who is not trusted cannot say whose request it is" '^302 http://edge-fr' get fr $geo -H 'Forwarded: for=203.0.113.10' -H 'X-Forwarded-For: 203.0.113.10'
expect "a PROXY header of anybody is 400" '^400 ' proxy fr 203.0.113.10 geo.cdn.example

put scope '{"name": "kept", "hosts": ["kept.cdn.example"], "cache-control": 60, "candidates": [{"cdn": "cdn-c"}]}' >/dev/null
put scope '{"name": "fresh", "hosts": ["fresh.cdn.example"], "cache-control": "private, no-cache", "action": "deny"}' >/dev/null
expect "Cache-Control of a scope, in seconds" '^Cache-Control: max-age=60$' fields fr http://kept.cdn.example/
expect "Cache-Control of a scope, of a denial" '^Cache-Control: private, no-cache$' fields fr http://fresh.cdn.example/
expect "show scope tells it" '"cache-control": 60' ctl --json show scope kept
expect "explain tells it" '^cache-control +max-age=60$' ctl explain http http://kept.cdn.example/ from 198.51.100.10
expect "explain tells Vary" '^vary +user-agent$' ctl explain http $p/other from 198.51.100.10
expect "what is saved has it" 'cache-control = 60;' ctl show config

# --- everything set --------------------------------------------------------------------------------------------------------

printf '<p>not here</p>\n' >"$LAB_DIR/404.html"
restart "methods = \"redirect\"; head-max = 1024; uri-max = 200; retry-after = 9; json-locations = true;
  bodies = ( { status = 404; file = \"404.html\"; }, { status = 302; type = \"text/plain\"; text = \"go there\"; } );"

expect "POST is redirected with 307" '^307 https://cache\.cdn-c\.example:8080/live/1$' get fr $p/live/1 -d body
expect "POST is redirected with 308 where 301 is set" '^308 ' get fr http://s301.cdn.example/x -d body
expect "DELETE is redirected" '^307 ' get fr $p/live/1 -X DELETE
expect "PUT is redirected" '^307 ' get fr $p/live/1 -T /dev/null
expect "TRACE is 405" '^405 ' get fr $p/ -X TRACE
expect "OPTIONS of the server is 405" '^Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH' \
	raw fr 'OPTIONS * HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n'
expect "an unknown method is 501" '^501 ' get fr $p/ -X FLY
expect "414 by its limit" '^414 ' get fr "$p/$(printf 'x%.0s' {1..201})"
expect "431 by its limit" '^431 ' get fr $p/live/1 -H "Cookie: $(printf 'c%.0s' {1..1000})"
expect "503 with the Retry-After that is set" '^Retry-After: 9' raw fr 'GET https://www.cdn.example/ HTTP/1.1\r\nHost: www.cdn.example\r\nConnection: close\r\n\r\n'
expect "content of a file" '^<p>not here</p>$' content fr http://nothing.cdn.example/
expect "its type" '^Content-Type: text/html$' fields fr http://nothing.cdn.example/
expect "content of a redirect" '^go there$' content fr $p/live/1
expect "HEAD has the fields and no content" '^Content-Length: 8$' fields fr $p/live/1 -I
json='^\{"locations":\["http://edge\.cdn-b\.example/oc/7/pair\.cdn\.example/v","https://cache\.cdn-c\.example:8080/v"\]\}$'
expect "JSON with all locations" "$json" content fr http://pair.cdn.example/v -H 'Accept: application/json'
expect "the redirect stays" '^302 http://edge\.cdn-b' get fr http://pair.cdn.example/v -H 'Accept: application/json'
expect "Vary says so" '^Vary: accept$' fields fr http://pair.cdn.example/v
expect "who does not ask gets the other content" '^go there$' content fr http://pair.cdn.example/v

# --- trusted proxies -------------------------------------------------------------------------------------------------------

restart 'proxy = "proxy-protocol"; trusted-proxies = [ "198.51.100.0/24", "10.0.0.0/8" ];'
expect "PROXY: the client that a trusted proxy names" '^302 http://edge-us\.cdn\.example/' proxy fr 203.0.113.10 geo.cdn.example
expect "PROXY: a client over IPv6" '^302 http://edge-us\.cdn\.example/' proxy fr 2001:db8:a::1 geo.cdn.example
expect "PROXY: the proxy itself" '^302 http://edge-fr\.cdn\.example/' proxy fr local geo.cdn.example
expect "PROXY: a header that is not good" '^400 ' proxy fr cut geo.cdn.example
expect "PROXY: none from a trusted proxy" '^400 ' proxy fr - geo.cdn.example
expect "PROXY: none from others" '^302 http://edge-us\.cdn\.example/' proxy us - geo.cdn.example
expect "PROXY: not from others" '^400 ' proxy us 198.51.100.10 geo.cdn.example
kept_connection() {
	local out
	out=$(proxy fr 203.0.113.10 geo.cdn.example /1 /2 /3)
	echo "$out"
	[[ $(grep -c '^302 http://edge-us\.cdn\.example/[123]$' <<<"$out") == 3 ]]
}
check "PROXY: for all requests of a connection" kept_connection

restart 'proxy = "forwarded"; trusted-proxies = [ "198.51.100.0/24", "10.0.0.0/8" ];'
expect "Forwarded: the client that a trusted proxy names" '^302 http://edge-us' get fr $geo -H 'Forwarded: for=203.0.113.10;proto=http'
expect "Forwarded: the rightmost that is not trusted" '^302 http://edge-us' \
	get fr $geo -H 'Forwarded: for=198.51.100.99, for="203.0.113.10:4711", for=10.1.1.1'
expect "Forwarded: not from others" '^302 http://edge-us' get us $geo -H 'Forwarded: for=198.51.100.10'

restart 'proxy = "x-forwarded-for"; trusted-proxies = [ "198.51.100.0/24" ];'
expect "X-Forwarded-For: the client that a trusted proxy names" '^302 http://edge-us' get fr $geo -H 'X-Forwarded-For: 1.2.3.4, 203.0.113.10'
expect "X-Forwarded-For: not Forwarded" '^302 http://edge-fr' get fr $geo -H 'Forwarded: for=203.0.113.10'

finish
