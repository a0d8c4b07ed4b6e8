#!/usr/bin/env bash
# http - requests with curl and by hand: redirects by path, pattern, regex, header and country; statuses; errors.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world

p=http://paths.cdn.example
b=http://edge\\.cdn-b\\.example/oc/7/paths\\.cdn\\.example
c=https://cache\\.cdn-c\\.example:8080

expect "302, host and path stacked behind the prefix of the CDN" "^302 $b/other/a\.ts$" get fr $p/other/a.ts
expect "302 by path prefix" "^302 $c/live/1/a\.ts$" get fr $p/live/1/a.ts
expect "a prefix ends where it says" "^302 $b/live$" get fr $p/live
expect "302 by RFC 8006 pattern" '^302 http://edge1\.cdn\.example/movies/x/y\.mp4$' get fr $p/movies/x/y.mp4
expect "a pattern is without regard to case" '^302 http://edge1\.cdn\.example/MOVIES/y\.MP4$' get fr $p/MOVIES/y.MP4
expect "a pattern matches to the end" "^302 $b/movies/y\.mp4\.txt$" get fr $p/movies/y.mp4.txt
expect "302 by regex" '^302 http://edge-us\.cdn\.example/v12/tv\.m3u8$' get fr $p/v12/tv.m3u8
expect "a regex that does not match" "^302 $b/vx/tv\.m3u8$" get fr $p/vx/tv.m3u8
expect "302 by User-Agent" '^302 http://edge-fr\.cdn\.example/other$' get fr $p/other -A 'Phone (Mobile; x)'
expect "302 by query" '^302 http://edge-us\.cdn\.example/other\?a=1&token=gold$' get fr "$p/other?a=1&token=gold"
expect "302 by country: France" '^302 http://edge-fr\.cdn\.example/$' get fr http://geo.cdn.example/
expect "302 by country: United States" '^302 http://edge-us\.cdn\.example/$' get us http://geo.cdn.example/
expect "302 over IPv6" '^302 http://edge-us\.cdn\.example/six$' get us http://geo.cdn.example/six \
	--resolve "geo.cdn.example:80:[$R6]"
expect "301" "^301 $c/x$" get fr http://s301.cdn.example/x
expect "307" "^307 $c/x$" get fr http://s307.cdn.example/x
expect "308" "^308 $c/x$" get fr http://s308.cdn.example/x

odd='a=%2F%2f&b=x+y&&c==%00&d=~!*()&e=/?:@'
expect "the query comes back byte for byte" "^302 $b/q\?$(printf %s "$odd" | sed 's/[][\\.*^$+?(){}|]/\\&/g')$" get fr "$p/q?$odd"
expect "an empty query keeps its question mark" "^302 $b/q\?$" get fr "$p/q?"
expect "dot segments do not stay in a prefix that they leave" '^302 http://edge\.cdn-b\.example'  get fr "$p/live/../other"
expect "the distinguished host is taken off" "^302 $c/a/b\?x=1$" get fr "http://in.cdn.example/oc/7/film.ucdn.example/a/b?x=1"
expect "a port in Host plays no part" "^302 $c/live/1$" get fr $p/live/1 -H 'Host: paths.cdn.example:80'
expect "Host in capitals" "^302 https" get fr $p/live/1 -H 'Host: PATHS.CDN.EXAMPLE'

expect "403 for a denied scope" '^403 $' get fr http://locked.cdn.example/
expect "404 when no scope matches" '^404 $' get fr http://nothing.cdn.example/
expect "404 outside the footprints" '^404 $' get jp http://geo.cdn.example/
expect "405 for POST" '^405 $' get fr $p/ -X POST
expect "405 says what is allowed" '^Allow: GET, HEAD' raw fr 'POST / HTTP/1.1\r\nHost: paths.cdn.example\r\nContent-Length: 0\r\n\r\n'
expect "501 for a method that does not exist" '^501 $' get fr $p/ -X FLY
expect "400 for a bad Host" '^400 $' get fr $p/ -H 'Host: bad host'
expect "400 without Host" '^HTTP/1\.1 400 ' raw fr 'GET / HTTP/1.1\r\n\r\n'
expect "400 for two Hosts" '^HTTP/1\.1 400 ' raw fr 'GET / HTTP/1.1\r\nHost: a.cdn.example\r\nHost: b.cdn.example\r\n\r\n'
expect "400 for bad percent-encoding" '^400 $' get fr "$p/%zz"
expect "505 for HTTP/2.0 in clear text" '^HTTP/1\.1 505 ' raw fr 'GET / HTTP/2.0\r\nHost: paths.cdn.example\r\n\r\n'
expect "absolute form of the target" '^Location: https://cache\.cdn-c\.example:8080/live/9' \
	raw fr 'GET http://paths.cdn.example/live/9 HTTP/1.1\r\nHost: else.example\r\n\r\n'
expect "HTTP/1.0 with Host" '^HTTP/1\.1 302 ' raw fr 'GET /live/9 HTTP/1.0\r\nHost: paths.cdn.example\r\n\r\n'
expect "an answer that does not fit one segment comes in two" '^HTTP/1\.1 302 ' \
	raw fr "GET /$(printf 'x%.0s' {1..1350}) HTTP/1.1\\r\\nHost: paths.cdn.example\\r\\n\\r\\n"

head_has_no_body() {
	local out
	out=$(raw fr 'HEAD /live/9 HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n' | tr -d '\r')
	echo "$out"
	[[ $out == 'HTTP/1.1 302 '* && $out != *$'\n\n'* ]]
}
check "HEAD: the same head, no body" head_has_no_body
expect "Connection: close is said" '^Connection: close' raw fr 'GET /live/9 HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n'
expect "a closed port refuses at once" 'refused' raw fr 'GET / HTTP/1.1\r\n\r\n' 81

finish
