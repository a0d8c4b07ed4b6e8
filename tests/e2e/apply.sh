#!/usr/bin/env bash
# apply - table files taken in while running: whole or in part, dry, replaced; files that are none; and nobody waits meanwhile.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world --state
table=$LAB_DIR/good.jsonl

status_of() { # NAME
	dig_in fr "$1" A | sed -n 's/.*status: \([A-Z]*\).*/\1/p'
}
cname() { # NAME
	dig_in fr "$1" A +short
}
line() { # NAME [CDN]: a scope of that name
	printf '{"scope":{"name":"%s","hosts":["%s.cdn.example"],"candidates":[{"cdn":"%s"}]}}\n' "$1" "$1" "${2:-cdn-b}"
}
apply() { # FILE [MEMBERS]
	rpc apply "{\"file\": \"$1\"${2:+, $2}}"
}
refuses() { # NAME REGEX FILE [MEMBERS]: says why, and publishes nothing
	local name=$1 regex=$2 before after out
	shift 2
	before=$(generation)
	if out=$(apply "$@" 2>&1); then
		not_ok "$name" "it was not refused: $out"
		return
	fi
	after=$(generation)
	if [[ $before != "$after" ]]; then
		not_ok "$name" "generation $after after $before"
	elif ! grep -qE -- "$regex" <<<"$out"; then
		not_ok "$name" "expected a line like: $regex"$'\n'"$out"
	else
		ok "$name"
	fi
}

# --- files -------------------------------------------------------------------------------------------------------------

{ line t1 && line t2 && line t3; } >"$table"
expect "a dry run tells what would come" '"name": "t2", "before": null, "after": ' apply "$table" '"dry-run": true'
expect "and changes nothing" '^NXDOMAIN$' status_of t2.cdn.example
expect "a file is taken in" '"added": 3, "changed": 0, "removed": 0.*"lines": 3, "refused": \{"total": 0' apply "$table"
expect "and DNS has it at once" '^vod\.cdn-b\.example\.$' cname t3.cdn.example
expect "its scopes know the file and the line" '"set": "good.jsonl", "file": "[^"]*/good\.jsonl", "line": 2' rpc show.scopes '{"match": "t2"}'
before=$(generation)
expect "the same file again changes nothing" '"added": 0, "changed": 0, "removed": 0, "unchanged": 3' apply "$table"
expect "and publishes nothing" "^$before\$" generation
{ line t1 && line t2 cdn-c; } >"$table"
expect "what a file no longer names stays" '"added": 0, "changed": 1, "removed": 0' apply "$table"
expect "and answers" '^vod\.cdn-b\.example\.$' cname t3.cdn.example
expect "unless the set is replaced" '"added": 0, "changed": 0, "removed": 1' apply "$table" '"replace": true'
expect "then it does not" '^NXDOMAIN$' status_of t3.cdn.example
line t4 >"$LAB_DIR/other.jsonl"
expect "another set, replaced, touches only itself" '"added": 1, "changed": 0, "removed": 0' \
	apply "$LAB_DIR/other.jsonl" '"replace": true'
expect "the first one still answers" '^vod\.cdn-c\.example\.$' cname t2.cdn.example
line t5 >"$LAB_DIR/other.jsonl"
expect "a set that is named" '"added": 1, "changed": 0, "removed": 2' apply "$LAB_DIR/other.jsonl" '"set": "good.jsonl", "replace": true'
expect "is the one that is replaced" '^NXDOMAIN$' status_of t2.cdn.example
expect "and no other" '^vod\.cdn-b\.example\.$' cname t4.cdn.example
{
	echo '{"dri":{"cdn":"cdn-t","dns-target":{"host":"t.example","ttl":9}}}'
	echo '{"cdn":{"name":"cdn-t"}}'
} >"$LAB_DIR/kinds.jsonl"
refuses "a dri in front of its cdn, nothing else: refused" "kinds\.jsonl:1: .*cdn-t" "$LAB_DIR/kinds.jsonl" '"all-or-nothing": true'
{
	echo '{"footprint":{"name":"lab","footprints":[{"footprint-type":"ipv4cidr","footprint-value":["198.51.100.0/24"]}]}}'
	echo '{"cdn":{"name":"cdn-t"}}'
	echo '{"dri":{"cdn":"cdn-t","dns-target":{"host":"t.example","ttl":9}}}'
	echo '{"scope":{"name":"kinds","hosts":["kinds.cdn.example"],"footprints":["lab"],"candidates":[{"cdn":"cdn-t"}]}}'
} >"$LAB_DIR/kinds.jsonl"
expect "objects of all kinds" '"added": 4' apply "$LAB_DIR/kinds.jsonl"
expect "work together" '^t\.example\.$' cname kinds.cdn.example
: >"$LAB_DIR/kinds.jsonl"
expect "replaced by an empty file they all go" '"removed": 4' apply "$LAB_DIR/kinds.jsonl" '"replace": true'

{
	line b1
	echo '{"scope":{"name":"b2"'
	echo '{"scoop":{"name":"b3"}}'
	line b4 cdn-x
	echo
	line b6
	line b1
	printf '{"scope":{"name":"b8","hosts":["b1.cdn.example"],"candidates":[{"cdn":"cdn-b"}]}}'
} >"$LAB_DIR/bad.jsonl"
refuses "all or nothing: nothing" 'bad\.jsonl:4: .*cdn-x' "$LAB_DIR/bad.jsonl" '"all-or-nothing": true'
expect "not even the good ones" '^NXDOMAIN$' status_of b1.cdn.example
out=$(apply "$LAB_DIR/bad.jsonl") || true
expect "else the good ones come" '"added": 2.*"refused": \{"total": 5' echo "$out"
for fault in '2, "text": "[^"]+"' '3, "text": "[^"]*scoop' "4, \"text\": \"scope 'b4'[^\"]*cdn-x" \
	"7, \"text\": \"[^\"]*'b1'" "8, \"text\": \"scope 'b8'[^\"]*'b1'"; do
	expect "and the others are named: line ${fault%%,*}" "\"file\": \"[^\"]*/bad\\.jsonl\", \"line\": $fault" echo "$out"
done
expect "the good one in front" '^vod\.cdn-b\.example\.$' cname b1.cdn.example
expect "the good one behind" '^vod\.cdn-b\.example\.$' cname b6.cdn.example

refuses "no such file" 'none\.jsonl.*No such file' "$LAB_DIR/none.jsonl"
refuses "a folder" 'is not a file' "$LAB_DIR"
mkfifo "$LAB_DIR/fifo"
refuses "a pipe that nobody writes to" 'is not a file' "$LAB_DIR/fifo"
refuses "a device" 'is not a file' /dev/zero
refuses "the end of a pipe" 'is not a file|No such' /proc/self/fd/0
refuses "a path that does not say from where" "starts with '/'" good.jsonl
refuses "a set that is the configuration's" "'configuration'" "$table" '"set": "configuration"'
: >"$LAB_DIR/empty.jsonl"
expect "an empty file is nothing" '"added": 0, .*"lines": 0' apply "$LAB_DIR/empty.jsonl"
printf '\n\n  \n' >"$LAB_DIR/empty.jsonl"
expect "empty lines are nothing" '"added": 0, .*"refused": \{"total": 0' apply "$LAB_DIR/empty.jsonl"
head -c 300000 "$BUILD/turnoutd" >"$LAB_DIR/binary"
refuses "a program" 'binary:[0-9]+: ' "$LAB_DIR/binary" '"all-or-nothing": true'
expect "a program line by line" '"added": 0, .*"refused": \{"total": [1-9]' apply "$LAB_DIR/binary"
{ line long1 && printf '{"scope":{"name":"%02000000d"}}\n' 1 && line long2; } >"$LAB_DIR/long.jsonl"
refuses "an oversize line" 'long\.jsonl:2: the line is longer than' "$LAB_DIR/long.jsonl" '"all-or-nothing": true'
line sparse >"$LAB_DIR/sparse.jsonl"
truncate -s 1G "$LAB_DIR/sparse.jsonl"
refuses "a file of 1 GiB with a hole" 'sparse\.jsonl:2: ' "$LAB_DIR/sparse.jsonl" '"all-or-nothing": true'
awk 'BEGIN { for (i = 0; i < 200000; i++) print "{}" }' >"$LAB_DIR/many.jsonl"
refuses "a file of nothing but faults ends early" 'more than 10000 faults' "$LAB_DIR/many.jsonl"
expect "and after all of it" '^vod\.cdn-b\.example\.$' cname b6.cdn.example

line r1 >"$LAB_DIR/rest.jsonl"
line r2 >>"$LAB_DIR/rest.jsonl"
line r3 >>"$LAB_DIR/rest.jsonl"
apply "$LAB_DIR/rest.jsonl" >/dev/null
{ line r1 cdn-c && line r2 cdn-x; } >"$LAB_DIR/rest.jsonl"
expect "replaced in part: a line at fault takes nothing away, and that is said" \
	'"changed": 1, "removed": 0.*"total": 2.*nothing was removed from set '"'rest.jsonl'" \
	apply "$LAB_DIR/rest.jsonl" '"replace": true'
expect "what it named is as it was" '^vod\.cdn-b\.example\.$' cname r2.cdn.example
{ line r1 && printf '{"scope":{"name":"%02000000d"}}\n' 1 && line r2 && line r3; } >"$LAB_DIR/rest.jsonl"
expect "nor does an oversize line, behind which nothing is read" '"changed": 1, "removed": 0.*"total": 2' \
	apply "$LAB_DIR/rest.jsonl" '"replace": true'
expect "what comes behind it stays" '^vod\.cdn-b\.example\.$' cname r3.cdn.example
line r1 >"$LAB_DIR/rest.jsonl"
expect "without a fault it goes" '"removed": 2.*"total": 0' apply "$LAB_DIR/rest.jsonl" '"replace": true'

# --- a big one ---------------------------------------------------------------------------------------------------------

awk 'BEGIN { for (i = 0; i < 200000; i++)
	printf "{\"scope\":{\"name\":\"big%06d\",\"hosts\":[\"big%06d.cdn.example\"],\"candidates\":[{\"cdn\":\"cdn-%s\"}]}}\n", i, i, i % 2 ? "b" : "c" }' \
	>"$LAB_DIR/big.jsonl"
echo 'www.cdn.example A' >"$LAB_DIR/queries"
watch() { # PARAMS
	"$PYTHON" "$E2E/watch.py" "$LAB_DIR/turnout.sock" "${LAB_PID[turnoutd]}" apply "$1"
}
lab_spawn dnsperf fr dnsperf -s $R4 -d "$LAB_DIR/queries" -l 100 -Q 500 -q 50 -t 3
for how in 'taken in:false:"added": 200000' 'replaced by nothing:true:"removed": 200000'; do
	IFS=: read -r what replace count <<<"$how"
	[[ $replace == false ]] || : >"$LAB_DIR/big.jsonl"
	# The count has a colon of its own.
	count=${how#*:*:}
	if watch "{\"file\": \"$LAB_DIR/big.jsonl\", \"replace\": $replace}" >"$LAB_DIR/watch.log" 2>&1; then
		ok "200000 scopes are $what, and nobody waits for his status: $(tail -n 1 "$LAB_DIR/watch.log")"
	else
		not_ok "200000 scopes are $what, and nobody waits for his status" "$(cut -c 1-300 "$LAB_DIR/watch.log")"
	fi
	expect "they are all $what" "$count" cat "$LAB_DIR/watch.log"
done
kill -INT "${LAB_PID[dnsperf]}"
lab_wait dnsperf || true
expect "DNS was answered meanwhile: nothing is lost" 'Queries lost: +0 ' cat "$LAB_DIR/dnsperf.log"
expect "and all was NOERROR" 'Response codes: +NOERROR [1-9][0-9]+ \(100\.00%\)$' cat "$LAB_DIR/dnsperf.log"

awk 'BEGIN { for (i = 0; i < 200000; i++)
	printf "{\"scope\":{\"name\":\"big%06d\",\"hosts\":[\"big%06d.cdn.example\"],\"candidates\":[{\"cdn\":\"cdn-b\"}]}}\n", i, i }' \
	>"$LAB_DIR/big.jsonl"
before=$(generation)
lab_spawn applying router "$PYTHON" "$E2E/rpc.py" "$LAB_DIR/turnout.sock" apply "{\"file\": \"$LAB_DIR/big.jsonl\"}"
sleep 0.3
expect "one file at a time" 'files are being read already' apply "$table"
expect "a single change passes meanwhile" '"added": 1' put scope '{"name": "quick", "hosts": ["quick.cdn.example"], "candidates": [{"cdn": "cdn-c"}]}'
expect "and answers" '^vod\.cdn-c\.example\.$' cname quick.cdn.example
expect "before the file" '^[1-9]$' sh -c "echo $(($(generation) - before))"
lab_stop applying
expect "whoever asked for it went away: it comes to nothing" '^NXDOMAIN$' status_of big000007.cdn.example
wait_until 10 "the next file to be taken" apply "$table"
expect "and the next file is taken" '"unchanged": 2' apply "$table"

finish
