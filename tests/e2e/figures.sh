#!/usr/bin/env bash
# figures - three interconnected CDNs as in the figures of the draft: each numbered message of iterative, full-recursive and semi-recursive
# redirection, the mixed chains, by DNS and HTTP; then what recursion does when a CDN refuses, is slow or is gone.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../../scripts/cdni.sh
source "$TOP/scripts/cdni.sh"

A=192.0.2.1 B=192.0.2.2 C=192.0.2.3
FILM=http://www.csp.example/film

# --- what was counted ------------------------------------------------------------------------------------------------------

# Redirection requests that a CDN sent to a peer, and that came to it, since the last note.
counted() { # CDN PATH...: a number out of show peer, as JSON
	cdni_of "$1" --json show peer "$2" | "$PYTHON" -c '
import json, sys
at = json.load(sys.stdin)
for step in sys.argv[1:]:
    at = at[step] if isinstance(at, dict) else at[int(step)]
print(at)' "${@:3}"
}
asked() { # how many times A asked B and B asked C
	echo "$(counted a cdn-b asking sent) $(counted b cdn-c asking sent)"
}
noted='0 0'
note() {
	noted=$(asked)
}
since() { # since the note: "A>B B>C"
	local before now
	read -ra before <<<"$noted"
	read -ra now <<<"$(asked)"
	echo "$((now[0] - before[0])) $((now[1] - before[1]))"
}
delivered() { # how many times the node of C delivered the film
	grep -c 'GET /film' "$LAB_DIR/web/access.log" || true
}

strategies() { # A-B B-C
	cdni_strategies "$1" "$2"
	cdni_reload_all
	sleep 0.5
	for cdn in a b; do
		cdni_of "$cdn" peer "cdn-$([[ $cdn == a ]] && echo b || echo c)" reset >/dev/null
	done
	wait_until 20 "B to learn from C" cdni_is b cdn-c established
	wait_until 20 "A to learn from B" cdni_is a cdn-b established
	note
}

cdni_begin
cdni_start_all

# --- Figure 3: iterative ------------------------------------------------------------------------------------------------------

FIGURE='figure 3, iterative'
note
expect "$FIGURE: 0. A has a DRI of B before any request" 'www-csp\.b\.example' cdni_of a show dris
expect "$FIGURE: 0. B has one of C" 'www-csp\.c\.example' cdni_of b show dris
expect "$FIGURE: 1. and 2. by DNS: A answers with the DRI of B" '^www-csp\.b\.example\.$' cdni_dig fr $A www.csp.example
expect "$FIGURE: 3. and 4. by DNS: B answers with the DRI of C" '^www-csp\.c\.example\.$' cdni_dig fr $B www-csp.b.example
expect "$FIGURE: 5. and 6. by DNS: C answers with a delivery node" '^192\.0\.2\.93$' cdni_dig fr $C www-csp.c.example
expect "$FIGURE: 1. and 2. by HTTP" '^302 http://rr\.b\.example/www\.csp\.example/film$' cdni_get fr $FILM
expect "$FIGURE: 3. and 4. by HTTP" '^302 http://rr\.c\.example/www\.csp\.example/film$' cdni_get fr http://rr.b.example/www.csp.example/film
expect "$FIGURE: 5. and 6. by HTTP" '^302 http://edge\.c\.example/film$' cdni_get fr http://rr.c.example/www.csp.example/film
expect "$FIGURE: 7. and 8. the node delivers" 'delivered by edge\.c\.example' cdni_follow fr $FILM
expect "$FIGURE: nobody was asked about a request" '^0 0$' since
expect "who is served by nobody gets the fallback of A" '^302 http://edge\.a\.example/film$' cdni_get us $FILM

# --- Figure 4: full-recursive ---------------------------------------------------------------------------------------------------

FIGURE='figure 4, full-recursive'
strategies full-recursive full-recursive
expect "$FIGURE: 1. and 6. by DNS: A answers with a delivery node of C" '^192\.0\.2\.93$' cdni_dig fr $A www.csp.example
expect "$FIGURE: 2. to 5. A asked B, and B asked C, once" '^1 1$' since
expect "$FIGURE: explain says that it was asked" 'full-recursive' cdni_of a --json explain dns www.csp.example A from 198.51.100.10
expect "$FIGURE: other types cannot be asked for, and explain says so" 'NODATA' cdni_of a explain dns www.csp.example TXT from 198.51.100.10
note
expect "$FIGURE: 1. and 6. by HTTP" '^302 http://edge\.c\.example/film$' cdni_get fr $FILM
expect "$FIGURE: 2. to 5. by HTTP: A asked B, and B asked C, once" '^1 1$' since
before=$(delivered)
expect "$FIGURE: 7. and 8. the node delivers" 'delivered by edge\.c\.example' cdni_follow fr $FILM
expect "$FIGURE: it did so once" "^$((before + 1))\$" delivered

# --- Figure 5: semi-recursive -----------------------------------------------------------------------------------------------------

FIGURE='figure 5, semi-recursive'
strategies semi-recursive semi-recursive
expect "$FIGURE: 1. and 6. by DNS: A answers with the request router of C" '^www-csp\.c\.example\.$' cdni_dig fr $A www.csp.example
expect "$FIGURE: 2. to 5. A asked B, and B asked C, once" '^1 1$' since
expect "$FIGURE: 7. and 8. by DNS: C answers with a delivery node" '^192\.0\.2\.93$' cdni_dig fr $C www-csp.c.example
note
expect "$FIGURE: 1. and 6. by HTTP" '^302 http://rr\.c\.example/www\.csp\.example/film$' cdni_get fr $FILM
expect "$FIGURE: 2. to 5. by HTTP: A asked B, and B asked C, once" '^1 1$' since
expect "$FIGURE: 7. and 8. by HTTP: C answers with a delivery node" '^302 http://edge\.c\.example/film$' \
	cdni_get fr http://rr.c.example/www.csp.example/film
expect "$FIGURE: 9. and 10. the node delivers" 'delivered by edge\.c\.example' cdni_follow fr $FILM

# --- mixed chains -------------------------------------------------------------------------------------------------------------------

mixed() { # A-B B-C DNS HTTP ASKED: what A answers, and who was asked for the DNS query
	strategies "$1" "$2"
	expect "$1 then $2: A answers DNS" "^$3\$" cdni_dig fr $A www.csp.example
	expect "$1 then $2: who was asked" "^$5\$" since
	expect "$1 then $2: A answers HTTP" "^302 $4\$" cdni_get fr $FILM
	expect "$1 then $2: the film comes" 'delivered by edge\.c\.example' cdni_follow fr $FILM
}
to_b='http://rr\.b\.example/www\.csp\.example/film' to_c='http://rr\.c\.example/www\.csp\.example/film' to_edge='http://edge\.c\.example/film'
mixed iterative semi-recursive 'www-csp\.b\.example\.' "$to_b" '0 0'
expect "and B answers with the request router of C" "^302 $to_c\$" cdni_get fr http://rr.b.example/www.csp.example/film
mixed iterative full-recursive 'www-csp\.b\.example\.' "$to_b" '0 0'
expect "and B answers with a node of C" "^302 $to_edge\$" cdni_get fr http://rr.b.example/www.csp.example/film
expect "by DNS, too" '^192\.0\.2\.93$' cdni_dig fr $B www-csp.b.example
mixed semi-recursive iterative 'www-csp\.c\.example\.' "$to_c" '1 0'
mixed semi-recursive full-recursive '192\.0\.2\.93' "$to_edge" '1 1'
# A asks for addresses of nodes, which C does not tell: B has to take one of its own. HTTP has no such word (RFC 7975 §4.5.1).
mixed full-recursive semi-recursive '192\.0\.2\.92' "$to_c" '1 1'

# --- the answers that are kept ----------------------------------------------------------------------------------------------------------

strategies semi-recursive semi-recursive
cdni_get fr $FILM >/dev/null
note
for ((i = 0; i < 50; i++)); do
	cdni_get fr $FILM >/dev/null
done
expect "what is kept is not asked for again" '^0 0$' since
expect "it comes out of the cache of the worker" 'dri-hits +[1-9][0-9]' cdni_of a show workers

# --- refusals and faults ------------------------------------------------------------------------------------------------------------------

kill -STOP "${LAB_PID[b]}"
expect "while B does not answer what is kept serves" '^302 http://rr\.c\.example' cdni_get fr $FILM
began=$(date +%s%3N)
expect "and what is not kept gets the fallback" '^302 http://edge\.a\.example/other$' cdni_get fr http://www.csp.example/other
expect "in bounded time" '^yes$' sh -c "test $(($(date +%s%3N) - began)) -lt 2500 && echo yes"
kill -CONT "${LAB_PID[b]}"
kill -0 "${LAB_PID[a]}" 2>/dev/null || not_ok "a still runs at the end" "$(tail -n 40 "$LAB_DIR/a.log")"
finish
