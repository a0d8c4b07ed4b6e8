#!/usr/bin/env bash
# signing - signed URIs of a content provider (made by PyJWT) through three CDNs: each verifies them, and signs for the next one.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../../scripts/cdni.sh
source "$TOP/scripts/cdni.sh"

FILM=http://www.csp.example/film

key() { # NAME: a key pair of its own
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$LAB_DIR/sign-$1.pem" 2>/dev/null
	openssl pkey -in "$LAB_DIR/sign-$1.pem" -pubout -out "$LAB_DIR/sign-$1.pub"
}

# CDN X trusts the issuer whose key has that name, and signs with its own one.
signs() { # a|b|c ISSUER KEY [SED-SCRIPT]
	cdni_config "$1" "s/(name = \"film\";.*candidates = \(.*\);) *\}/\1 uri-signing = { enforce = true; }; }/;
		s/^( *candidates = \( \{ node = \"edge-c\"; \} \);) *\}/\1 uri-signing = { enforce = true; }; }/; ${4:-}"
	printf 'signing = { name = "cdn-%s.example"; keys = ( { issuer = "%s"; file = "sign-%s.pub"; } ); own-key = { file = "sign-%s.pem"; }; };\n' \
		"$1" "$2" "$3" "$1" >>"$LAB_DIR/$1.conf"
}

signed() { # KEY CLAIMS [URI]
	"$PYTHON" "$E2E/sign_uri.py" sign "$LAB_DIR/sign-$1.pem" "${3:-$FILM}" "$2"
}
claims() { # MEMBERS: what every token has, and these
	printf '{"iss": "csp.example", "exp": "+60", "cdniuc": "regex:http://[^?]*film(\\\\?.*)?"%s}' "${1:+, $1}"
}
location() { # URI: the Location that it is redirected to
	cdni_get fr "$1" | sed -n 's/^302 //p'
}
token_of() { # KEY URI
	"$PYTHON" "$E2E/sign_uri.py" read "$LAB_DIR/sign-$1.pub" "$2"
}
refused() { # NAME URI
	expect "$1: 403" '^403 *$' cdni_get fr "$2"
}

cdni_begin
for name in csp other a b c; do
	key "$name"
done
signs a csp.example csp
signs b cdn-a.example a
signs c cdn-b.example b
cdni_start_all

# --- what is refused ---------------------------------------------------------------------------------------------------------

refused "no token" $FILM
refused "a token of somebody else's key" "$(signed other "$(claims)")"
refused "of an issuer that is not known" "$(signed csp '{"iss": "x.example", "exp": "+60", "cdniuc": "regex:.*"}')"
refused "one that has ended" "$(signed csp '{"iss": "csp.example", "exp": "-5", "cdniuc": "regex:.*"}')"
refused "one for another URI" "$(signed csp '{"iss": "csp.example", "exp": "+60", "cdniuc": "regex:http://www.csp.example/other"}')"
refused "one for somebody else" "$(signed csp "$(claims '"aud": "cdn-x.example"')")"
refused "one cut short" "$(signed csp "$(claims)" | sed 's/....$//')"
refused "no JWT at all" "$FILM?URISigningPackage=AAAA.BBBB.CCCC"
expect "they are counted by reason" 'dri-hits +0' cdni_of a show workers
expect "in show signing" '[1-9]' cdni_of a show signing
expect "and as refusals" 'http_unsigned' cdni_of a show drops
expect "a reason is in the log, once" '^1$' sh -c "grep -c 'expired\|has ended' '$LAB_DIR/a.log'"

# --- the chain -----------------------------------------------------------------------------------------------------------------

good=$(signed csp "$(claims)")
to_b=$(location "$good")
expect "a good one is redirected to B" '^http://rr\.b\.example/www\.csp\.example/film\?URISigningPackage=' echo "$to_b"
expect "with a token of A, by its key" '"iss": "cdn-a\.example"' token_of a "$to_b"
expect "for that URI alone, and as long as the first one" '"cdniuc": "hash:sha-256;.*"exp": [0-9]+' token_of a "$to_b"
to_c=$(location "$to_b")
expect "B takes it, and redirects to C" '^http://rr\.c\.example/www\.csp\.example/film\?URISigningPackage=' echo "$to_c"
expect "with a token of B" '"iss": "cdn-b\.example"' token_of b "$to_c"
to_node=$(location "$to_c")
expect "C takes it, and redirects to its node" '^http://edge\.c\.example/film\?URISigningPackage=' echo "$to_node"
expect "which gets a token of C" '"iss": "cdn-c\.example"' token_of c "$to_node"
expect "the film comes" 'delivered by edge\.c\.example' cdni_follow fr "$good"
expect "B does not take the provider's token" '^403' cdni_get fr "$(signed csp "$(claims)" http://rr.b.example/www.csp.example/film)"
expect "the answer is for this client alone" 'no-store' lab_in fr curl -s -o /dev/null -D - --max-time 5 "${CDNI_RESOLVE[@]}" "$good"
expect "DNS needs no token" '^www-csp\.b\.example\.$' cdni_dig fr 192.0.2.1 www.csp.example
expect "explain tells it" 'good|not there|no token|missing' cdni_of a explain http "$good" from 198.51.100.10

once=$(signed csp "$(claims '"jti": "once"')")
expect "one with an ID is good" '^302' cdni_get fr "$once"
refused "but only once" "$once"

# --- the fallback, and keys that change -----------------------------------------------------------------------------------------

cdni_of a peer cdn-b down >/dev/null
expect "the fallback is signed, too" '^302 http://edge\.a\.example/film\?URISigningPackage=' cdni_get fr "$(signed csp "$(claims)")"
expect "what is not good does not get there" '^403' cdni_get fr $FILM
cdni_of a peer cdn-b up >/dev/null
wait_until 20 "A to learn from B" cdni_is a cdn-b established
cp "$LAB_DIR/sign-other.pub" "$LAB_DIR/sign-csp.pub"
cdni_of a reload >/dev/null
expect "a key that is replaced counts after a reload" '^302' cdni_get fr "$(signed other "$(claims)")"
refused "and the old one no more" "$(signed csp "$(claims)")"
echo nonsense >"$LAB_DIR/sign-csp.pub"
cdni_of a reload >/dev/null 2>&1 || true
expect "a bad key file changes nothing" '^302' cdni_get fr "$(signed other "$(claims)")"
expect "and is told" 'sign-csp\.pub' cat "$LAB_DIR/a.log"

# --- many at once -----------------------------------------------------------------------------------------------------------------

url=$(signed other "$(claims)")
check "many at once are answered" lab_in fr sh -c "for i in 1 2 3 4; do for k in \$(seq 50); do
	curl -s -o /dev/null --max-time 5 --resolve www.csp.example:80:192.0.2.1 -w '%{http_code}\n' '$url'; done & done | sort | uniq -c | grep -qE '^ *200 302\$'; wait"
kill -0 "${LAB_PID[a]}" 2>/dev/null || not_ok "a still runs at the end" "$(tail -n 40 "$LAB_DIR/a.log")"
finish
