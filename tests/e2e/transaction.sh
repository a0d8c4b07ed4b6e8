#!/usr/bin/env bash
# transaction - objects put and removed one by one and in transactions: conflicts, refusals, dry runs, history, the way back.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world --state

cname() { # NAME
	dig_in fr "$1" A +short
}
status_of() { # NAME
	dig_in fr "$1" A | sed -n 's/.*status: \([A-Z]*\).*/\1/p'
}
begin() { # [PARAMS]
	rpc begin "${1:-{\}}" transaction
}
same_generation() { # NAME COMMAND...: is refused, and publishes nothing
	local name=$1 before after out
	shift
	before=$(generation)
	if out=$("$@" 2>&1); then
		not_ok "$name" "not refused: $out"
		return
	fi
	after=$(generation)
	if [[ $before == "$after" ]]; then ok "$name"; else not_ok "$name" "generation $after after $before"; fi
}
cdn='{"name": "new"}'
dri='{"cdn": "new", "dns-target": {"host": "one.new.example", "ttl": 7}, "http-target": {"host": "one.new.example", "scheme": "http"}}'
scope='{"name": "fresh", "hosts": ["fresh.cdn.example"], "candidates": [{"cdn": "new"}]}'

# --- one by one ------------------------------------------------------------------------------------------------------

expect "a cdn without a dri is refused" "cdn 'new' has no DRI" put cdn "$cdn"
expect "a dri without its cdn is refused" "cdn 'new', which is not configured" put dri "$dri"
first=$(generation)
one=$(begin)
put cdn "$cdn" "\"transaction\": $one" >/dev/null
put dri "$dri" "\"transaction\": $one" >/dev/null
expect "both together are taken" '"added": 2, "changed": 0, "removed": 0' rpc commit "{\"transaction\": $one}"
expect "before its scope: NXDOMAIN" '^NXDOMAIN$' status_of fresh.cdn.example
expect "a scope" '"added": 1' put scope "$scope" '"text": "as the ticket says"'
expect "DNS knows it at once" '^one\.new\.example\.$' cname fresh.cdn.example
expect "HTTP too" '^302 http://one\.new\.example/x$' get fr http://fresh.cdn.example/x
expect "each was a generation" "^$((first + 2))\$" generation
expect "what is there already changes nothing" '"changed": 0, "removed": 0, "unchanged": 1' put scope "$scope"
expect "and publishes nothing" "^$((first + 2))\$" generation
expect "put in the place of another" '"added": 0, "changed": 1' put dri "${dri//one.new/two.new}"
expect "DNS has the new one at once" '^two\.new\.example\.$' cname fresh.cdn.example
expect "HTTP too, again" '^302 http://two\.new\.example/x$' get fr http://fresh.cdn.example/x
expect "a scope says where it is from" '"set": "operator"' rpc show.scopes '{"match": "fresh.cdn"}'

expect "a cdn that a scope uses is not removed, and the scope is named" "cdn 'new' cannot be removed: scope 'fresh'" remove cdn new
expect "nor a footprint" "footprint 'france' cannot be removed: scope 'geo-fr'" remove footprint france
expect "a fallback is not removed with its node" "node 'edge1' cannot be removed" remove node edge1
expect "a scope with a candidate that is not there" "scope 'lost'.*cdn-x" put scope \
	'{"name": "lost", "hosts": ["lost.cdn.example"], "candidates": [{"cdn": "cdn-x"}]}'
expect "a scope with a footprint that is not there" "scope 'lost'.*frence" put scope \
	'{"name": "lost", "hosts": ["lost.cdn.example"], "footprints": ["frence"], "candidates": [{"cdn": "new"}]}'
expect "the only dri of a cdn is not removed" "cdn 'new' has no DRI" remove dri cdn/new
expect "a scope in the shadow of another names both" "scope 'second'.*'fresh'" put scope "${scope/fresh/second}"
expect "a pattern that cannot be" "scope 'lost'" put scope \
	'{"name": "lost", "hosts": ["lost.cdn.example"], "regexes": ["^/(a"], "candidates": [{"cdn": "new"}]}'
expect "a member that is not known" "hosst" put scope '{"name": "lost", "hosst": ["lost.cdn.example"]}'
expect "an object without name" "name" put cdn '{}'
expect "a kind that is not known" "'scoop' is not known" put scoop '{}'
expect "no object" "'object' is missing" rpc put '{"kind": "cdn"}'
expect "an object that is a list" "object" rpc put '{"kind": "cdn", "object": []}'
expect "a set that is not for operators" "'configuration'" put cdn "$cdn" '"set": "configuration"'
expect "what is not there is not removed" "nobody" remove cdn nobody
same_generation "a refusal publishes nothing" remove cdn new
expect "a state of a cdn that is not there" "there is no cdn 'cdn-x'" rpc cdn.set '{"name": "cdn-x", "state": "down"}'

expect "a scope is removed" '"removed": 1' remove scope fresh
expect "and DNS knows it no more" '^NXDOMAIN$' status_of fresh.cdn.example
expect "its cdn goes, with its dri" '"removed": 2' remove cdn new
expect "an object of the configuration is removed" '"removed": 1' remove scope wild
expect "and does not answer" '^NXDOMAIN$' status_of a.wild.cdn.example
expect "nor after a reload" '"scopes": [0-9]+' rpc reload
expect "it stays away" '^NXDOMAIN$' status_of a.wild.cdn.example
wild='{"name": "wild", "hosts": ["*.wild.cdn.example"], "candidates": [{"cdn": "cdn-c"}]}'
expect "it comes back" '"added": 1' put scope "$wild"
expect "and answers" '^vod\.cdn-c\.example\.$' cname a.wild.cdn.example

# --- transactions ----------------------------------------------------------------------------------------------------

one=$(begin '{"text": "a new cdn", "set": "ticket-7"}')
expect "an operation of a transaction" "\"transaction\": $one, \"operations\": 1" put cdn "$cdn" "\"transaction\": $one"
expect "the next one" '"operations": 2' put dri "$dri" "\"transaction\": $one"
expect "and the next one" '"operations": 3' put scope "$scope" "\"transaction\": $one"
expect "nothing is seen of it before its commit" '^NXDOMAIN$' status_of fresh.cdn.example
before=$(generation)
expect "a dry run tells what would come" '"kind": "scope", "name": "fresh", "before": null, "after": \{"name": "fresh"' \
	rpc commit "{\"transaction\": $one, \"dry-run\": true}"
expect "and changes nothing" "^$before\$" generation
expect "all come with the commit" '"added": 3, "changed": 0, "removed": 0' rpc commit "{\"transaction\": $one}"
expect "as one generation" "^$((before + 1))\$" generation
expect "DNS has it" '^one\.new\.example\.$' cname fresh.cdn.example
expect "HTTP has it" '^302 http://one\.new\.example/x$' get fr http://fresh.cdn.example/x
expect "the set is as begin said" '"set": "ticket-7"' rpc show.scopes '{"match": "fresh.cdn"}'
expect "a transaction is gone after its commit" "there is no transaction $one" rpc commit "{\"transaction\": $one}"

two=$(begin)
expect "removed, in a transaction" '"operations": 1' remove scope fresh "\"transaction\": $two"
expect "aborted" "\"transaction\": $two" rpc abort "{\"transaction\": $two}"
expect "is still there" '^one\.new\.example\.$' cname fresh.cdn.example
expect "an aborted one takes nothing more" "there is no transaction $two" remove scope fresh "\"transaction\": $two"
expect "nor is it committed" "there is no transaction $two" rpc commit "{\"transaction\": $two}"

two=$(begin)
put scope "${scope//fresh/good}" "\"transaction\": $two" >/dev/null
put scope "${scope//\"new\"/\"cdn-x\"}" "\"transaction\": $two" >/dev/null
remove cdn cdn-b "\"transaction\": $two" >/dev/null
out=$(rpc commit "{\"transaction\": $two}") || true
expect "one operation at fault refuses the whole: each fault is named" "^error -32000: [0-9]+ faults" echo "$out"
expect "that of the second operation, with its number" ":2: .*cdn-x" echo "$out"
expect "that of the third one" ":3: .*cdn 'cdn-b' cannot be removed: scope '" echo "$out"
expect "and the good one did not come" '^NXDOMAIN$' status_of good.cdn.example
expect "the transaction is gone" "there is no transaction $two" rpc commit "{\"transaction\": $two}"

two=$(begin)
put scope "${scope//fresh/mine}" "\"transaction\": $two" >/dev/null
put cdn '{"name": "cdn-b", "provider-id": "as1:0"}' "\"transaction\": $two" >/dev/null
put cdn '{"name": "cdn-b", "provider-id": "as2:0"}' >/dev/null
expect "a conflict names its object" "cdn 'cdn-b' was changed by another commit since" rpc commit "{\"transaction\": $two}"
expect "and nothing of the later one came" '^NXDOMAIN$' status_of mine.cdn.example

one=$(begin) two=$(begin)
put scope "${scope//fresh/left}" "\"transaction\": $one" >/dev/null
put scope "${scope//fresh/right}" "\"transaction\": $two" >/dev/null
expect "two at a time about other objects: the first" '"added": 1' rpc commit "{\"transaction\": $two}"
expect "and the second" '"added": 1' rpc commit "{\"transaction\": $one}"
expect "the one answers" '^one\.new\.example\.$' cname left.cdn.example
expect "and the other" '^one\.new\.example\.$' cname right.cdn.example

two=$(begin)
expect "an object twice in a transaction: the last one counts" '"operations": 2' sh -c "
	'$E2E/rpc.py' '$LAB_DIR/turnout.sock' put '{\"kind\": \"dri\", \"transaction\": $two, \"object\": ${dri//one.new/a.new}}' &&
	'$E2E/rpc.py' '$LAB_DIR/turnout.sock' put '{\"kind\": \"dri\", \"transaction\": $two, \"object\": ${dri//one.new/b.new}}'"
expect "it is committed as one change" '"added": 0, "changed": 1' rpc commit "{\"transaction\": $two}"
expect "the last one answers" '^b\.new\.example\.$' cname fresh.cdn.example

two=$(begin)
remove cdn new "\"transaction\": $two" >/dev/null
for name in fresh left right; do
	remove scope $name "\"transaction\": $two" >/dev/null
done
expect "a cdn goes before its scopes in one transaction: refused" "cdn 'new' cannot be removed" rpc commit "{\"transaction\": $two}"
two=$(begin)
for name in fresh left right; do
	remove scope $name "\"transaction\": $two" >/dev/null
done
remove cdn new "\"transaction\": $two" >/dev/null
expect "scopes first, then their cdn" '"removed": 5' rpc commit "{\"transaction\": $two}"
two=$(begin)
expect "an empty transaction is a commit of nothing" '"added": 0, "changed": 0, "removed": 0' rpc commit "{\"transaction\": $two}"

many() { # opens as many transactions as it may, and aborts them
	PYTHONPATH=$E2E "$PYTHON" - "$LAB_DIR/turnout.sock" <<-'END'
		import rpc, sys
		link, ids = rpc.Rpc(sys.argv[1]), []
		try:
		    while True:
		        ids.append(link.call("begin")["transaction"])
		except rpc.Refused as refused:
		    print(f"{len(ids)}: {refused}")
		for one in ids:
		    link.call("abort", transaction=one)
	END
}
expect "no more than 64 transactions are open" '^64: 64 transactions are open already; commit or abort one of them$' many

# --- history and the way back ----------------------------------------------------------------------------------------

then=$(generation)
one=$(begin)
put cdn "$cdn" "\"transaction\": $one" >/dev/null
put dri "$dri" "\"transaction\": $one" >/dev/null
rpc commit "{\"transaction\": $one}" >/dev/null
put scope "$scope" '"text": "for the film of the month"' >/dev/null
ctl cdn cdn-b down >/dev/null
remove scope www >/dev/null
now=$(generation)
expect "history has the note of a commit" '"text": "for the film of the month"' rpc show.history
expect "and who made it" '"origin": "operator uid 0"' rpc show.history
expect "another one is named by his uid" '"removed": 1' setpriv --reuid nobody --regid root --clear-groups \
	"$PYTHON" - "$LAB_DIR/turnout.sock" remove '{"kind": "scope", "name": "v6"}' <"$E2E/rpc.py"
expect "in the history" "\"origin\": \"operator uid $(id -u nobody)\"" rpc show.history
expect "history begins with the start" '"origin": "configuration"' rpc show.history '{"limit": 100}'
expect "newest first, as many as asked for" "^\{\"commits\": \[\{\"generation\": $now, [^{]*\}\]\}\$" \
	rpc show.history '{"limit": 1, "offset": 1}'
expect "diff names what came" '"name": "fresh", "before": null, "after": \{' rpc diff "{\"from\": $then, \"to\": $now}"
expect "and what went" '"name": "www", "before": \{.*, "after": null' rpc diff "{\"from\": $then, \"to\": $now}"
expect "diff of a generation with itself" '"differences": \[\]' rpc diff "{\"from\": $now, \"to\": $now}"
expect "diff says when there are more" '"more": true' rpc diff "{\"from\": $then, \"limit\": 1}"
expect "diff of one that never was" 'generation 999999 is not kept' rpc diff '{"from": 999999}'
expect "rollback to one that never was" 'generation 999999 is not kept' rpc rollback '{"generation": 999999}'
expect "before the rollback" '^one\.new\.example\.$' cname fresh.cdn.example
expect "rollback is a commit" '"generation": '$((now + 2)) rpc rollback "{\"generation\": $then}"
expect "what came is gone" '^NXDOMAIN$' status_of fresh.cdn.example
expect "what went is there, and its cdn is up" '^vod\.cdn-b\.example\.$' cname www.cdn.example
expect "no difference is left" '"differences": \[\]' rpc diff "{\"from\": $then}"
expect "the history says so" "rollback to generation $then" rpc show.history
expect "rollback of the rollback" '"generation": '$((now + 3)) rpc rollback "{\"generation\": $now}"
expect "all is as it was" '^one\.new\.example\.$' cname fresh.cdn.example
expect "and www is away" '^NXDOMAIN$' status_of www.cdn.example
expect "no difference is left, again" '"differences": \[\]' rpc diff "{\"from\": $now}"

put scope "${scope//fresh/east}" >/dev/null
put scope "${scope//fresh/west}" >/dev/null
then=$(generation)
two=$(begin)
for place in '"name": "east", "hosts": ["else' '"name": "west", "hosts": ["east' '"name": "east", "hosts": ["west'; do
	put scope "{$place.cdn.example\"], \"candidates\": [{\"cdn\": \"new\"}]}" "\"transaction\": $two" >/dev/null
done
expect "two scopes exchange their places" '"changed": 2' rpc commit "{\"transaction\": $two}"
expect "they go back, though each is where the other one was" '"changed": 2' rpc rollback "{\"generation\": $then}"
expect "no difference is left of it" '"differences": \[\]' rpc diff "{\"from\": $then}"

lab_stop turnoutd
turnoutd_start "$LAB_DIR/e2e.conf"
expect "after a restart it is the same" '^one\.new\.example\.$' cname fresh.cdn.example
expect "what was removed stays away" '^NXDOMAIN$' status_of www.cdn.example
expect "the history is still there" '"text": "for the film of the month"' rpc show.history '{"limit": 100}'
expect "but what came before the start can no more be reached" "generation $now is not kept" rpc rollback "{\"generation\": $now}"

finish
