#!/usr/bin/env bash
# state - what is set at run time stays: over a reload and a restart, on a disk that fills up; a damaged file is not touched.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

cname() { # NAME
	dig_in fr "$1" A +short
}
status_of() { # NAME
	dig_in fr "$1" A | sed -n 's/.*status: \([A-Z]*\).*/\1/p'
}
restart() {
	lab_stop turnoutd
	turnoutd_start "$LAB_DIR/e2e.conf"
}
kill_and_restart() {
	kill -KILL "${LAB_PID[turnoutd]}"
	lab_wait turnoutd 2>/dev/null || true
	turnoutd_start "$LAB_DIR/e2e.conf"
}
scope() { # NAME [CDN]
	printf '{"name": "%s", "hosts": ["%s.cdn.example"], "candidates": [{"cdn": "%s"}]}' "$1" "$1" "${2:-cdn-b}"
}
refuses() { # NAME REGEX COMMAND...: fails within 20 seconds with a sentence like that
	local name=$1 regex=$2 status=0 out
	shift 2
	out=$(timeout 20 "$@" 2>&1) || status=$?
	if ((status != 0 && status < 124)) && grep -qE -- "$regex" <<<"$out"; then
		ok "$name"
	else
		not_ok "$name" "exit code $status, expected a line like: $regex"$'\n'"$out"
	fi
}

world --state
daemon=(ip netns exec "$LAB-router" "$BUILD/turnoutd" -c)

# --- it stays ----------------------------------------------------------------------------------------------------------

put scope "$(scope kept cdn-c)" >/dev/null
put scope "$(scope www cdn-c)" >/dev/null
remove scope wild >/dev/null
ctl cdn cdn-d up >/dev/null
ctl node edge-fr drain >/dev/null
put fallback '{"node": "edge-us"}' >/dev/null
cat >"$LAB_DIR/equal.jsonl" <<-'END'
	{"scope":{"name":"z-first","hosts":["equal.cdn.example"],"footprints":[{"footprint-type":"ipv4cidr","footprint-value":["198.51.100.0/24","192.0.2.0/24"]}],"candidates":[{"cdn":"cdn-b"}]}}
	{"scope":{"name":"a-second","hosts":["equal.cdn.example"],"footprints":[{"footprint-type":"ipv4cidr","footprint-value":["198.51.100.0/24","203.0.113.0/24"]}],"candidates":[{"cdn":"cdn-c"}]}}
END
rpc apply "{\"file\": \"$LAB_DIR/equal.jsonl\"}" >/dev/null
before=''
for how in 'as it was set' reload restart kill_and_restart; do
	case $how in
	reload) check "$how" ctl reload ;;
	restart | kill_and_restart) $how ;;
	esac
	expect "$how: a scope that was put" '^vod\.cdn-c\.example\.$' cname kept.cdn.example
	expect "$how: one that stands over the configuration" '^vod\.cdn-c\.example\.$' cname www.cdn.example
	expect "$how: one that was removed" '^NXDOMAIN$' status_of a.wild.cdn.example
	expect "$how: a cdn that was set up" '^vod\.cdn-d\.example\.$' cname dark.cdn.example
	expect "$how: a node that drains" 'edge-fr.*drain' ctl show nodes
	expect "$how: of two that fit alike the one that was said first" '^vod\.cdn-b\.example\.$' cname equal.cdn.example
	differences=$(rpc show.scopes '{"limit": 1000}' | sed 's/"line": [0-9]*//g; s/"file": [^,]*//g')
	[[ -n $before ]] || before=$differences
	check "$how: all scopes as they were" test "$differences" = "$before"
done
ctl cdn cdn-d down >/dev/null
expect "the fallback that was put" '^192\.0\.2\.93$' cname dark.cdn.example

transaction() { # KIND-OBJECT-OR-NAME...: "put KIND OBJECT" and "remove KIND NAME", committed together
	local id operation
	id=$(rpc begin '{}' transaction)
	for operation in "$@"; do
		# shellcheck disable=SC2086
		set -- $operation
		"$1" "$2" "${operation#"$1 $2 "}" "\"transaction\": $id" >/dev/null || echo "refused: $operation"
	done
	rpc commit "{\"transaction\": $id}"
}
at() { # NAME HOST [CDN]: the scope of that name, at a host with another name
	scope "$1" "${3:-cdn-b}" | sed "s/\"$1\.cdn\.example\"/\"$2.cdn.example\"/"
}
fresh='{"cdn": "fresh", "dns-target": {"host": "vod.fresh.example", "ttl": 9}}'
other='{"cdn": "other", "dns-target": {"host": "vod.other.example", "ttl": 9}}'
transaction 'put cdn {"name": "fresh"}' "put dri $fresh" 'put cdn {"name": "other"}' "put dri $other" \
	"put scope $(scope short fresh)" "put scope $(scope long other)" "put scope $(at zebra stable)" >/dev/null
expect "a scope and its cdn go together" '"removed": 3' transaction "remove scope short" "remove cdn fresh"
expect "a scope leaves its cdn, which goes" '"changed": 1, "removed": 2' transaction "put scope $(scope long cdn-c)" "remove cdn other"
expect "one makes place for another" '"added": 1, "changed": 1' \
	transaction "put scope $(at zebra desert)" "put scope $(at aardvark stable cdn-c)"
sed -i '/name = "wild"/d' "$LAB_DIR/e2e.conf"
check "what was removed goes from the configuration, too" ctl reload
put scope "$(scope moved cdn-c)" >/dev/null
remove scope moved >/dev/null
sed -i 's/^scopes = (/&\n  { name = "moved"; hosts = [ "moved.cdn.example" ]; candidates = ( { cdn = "cdn-b"; } ); },\
  { name = "wild"; hosts = [ "*.wild.cdn.example" ]; candidates = ( { cdn = "cdn-b"; } ); },/' "$LAB_DIR/e2e.conf"
check "what was removed once comes anew with the configuration" ctl reload
for how in 'as it was set' kill_and_restart restart; do
	[[ $how == 'as it was set' ]] || $how
	expect "$how: a cdn that went with its scope is away" '"cdns": \[\]' rpc show.cdns '{"match": "fresh"}'
	expect "$how: one that went after its scope had left it, too" '"cdns": \[\]' rpc show.cdns '{"match": "other"}'
	expect "$how: the scope that left it" '^vod\.cdn-c\.example\.$' cname long.cdn.example
	expect "$how: the one that made place" '^vod\.cdn-b\.example\.$' cname desert.cdn.example
	expect "$how: the one that took it" '^vod\.cdn-c\.example\.$' cname stable.cdn.example
	expect "$how: what was set and removed before the configuration had it" '^vod\.cdn-b\.example\.$' cname moved.cdn.example
	expect "$how: what was removed before the configuration had it anew" '^vod\.cdn-b\.example\.$' cname a.wild.cdn.example
done

# --- a file for one ------------------------------------------------------------------------------------------------------

sed "s|turnout\.sock|second.sock|; s|\"$LAB\"|\"$LAB-second\"|; s|net_af_packet0,iface=v0|net_null0|" \
	"$LAB_DIR/e2e.conf" >"$LAB_DIR/second.conf"
at_end rm -rf "/run/dpdk/$LAB-second"
refuses "a second turnoutd on the same file is refused, and the first one named" \
	"state\.db is in use by process ${LAB_PID[turnoutd]}" "${daemon[@]}" "$LAB_DIR/second.conf"
expect "the first one serves on" '^vod\.cdn-c\.example\.$' cname kept.cdn.example
expect "and takes changes" '"added": 1' put scope "$(scope more)"

# --- a large table, read back from its image -----------------------------------------------------------------------------

awk 'BEGIN { for (i = 0; i < 25000; i++)
	printf "{\"scope\":{\"name\":\"large%05d\",\"hosts\":[\"large%05d.cdn.example\"],\"candidates\":[{\"cdn\":\"cdn-b\"}]}}\n", i, i
	for (i = 0; i < 300; i++)
	printf "{\"scope\":{\"name\":\"live%d\",\"hosts\":[\"live.cdn.example\"],\"regexes\":[\"^/[a-z]+/%d[.](ts|mp4)$\"],\"candidates\":[{\"cdn\":\"cdn-%s\"}]}}\n", \
		i, i, i % 2 ? "b" : "c" }' >"$LAB_DIR/large.jsonl"
expect "a large table is taken in" '"added": 25300' rpc apply "{\"file\": \"$LAB_DIR/large.jsonl\"}"
restart
expect "the start after it uses an image" 'read from its image' cat "$LAB_DIR/turnoutd.log"
expect "and has all of it" '^vod\.cdn-b\.example\.$' cname large24999.cdn.example
expect "and what was made of its expressions, none of which is compiled again" '^0$' \
	sh -c "grep -c 'compiled again' '$LAB_DIR/turnoutd.log' || true"
[[ ! -e /proc/self/numa_maps ]] || expect "in a scratch space on the worker's node" '^[0-9a-f]+ prefer[^ ]*:[0-9]' cat "/proc/${LAB_PID[turnoutd]}/numa_maps"
expect "they match what they matched" '^302 .*cdn-c' get fr http://live.cdn.example/a/298.ts
expect "each its own" '^302 .*cdn-b' get fr http://live.cdn.example/a/299.mp4
expect "and nothing else" '^404' get fr http://live.cdn.example/a/300.ts
transaction 'put cdn {"name": "fresh"}' "put dri $fresh" "put scope $(scope short fresh)" >/dev/null
expect "after that two go together" '"removed": 3' transaction "remove scope short" "remove cdn fresh"
expect "and places are exchanged" '"added": 1, "changed": 1, "removed": 1' transaction "remove scope large00000" \
	"put scope $(at large00007 large00000)" "put scope $(at a-new-one large00007 cdn-c)"
expect "one of the configuration is removed" '"removed": 1' remove scope moved
for how in 'as it was set' kill_and_restart restart; do
	[[ $how == 'as it was set' ]] || $how
	expect "$how: the one that made place" '^vod\.cdn-b\.example\.$' cname large00000.cdn.example
	expect "$how: the one that took it" '^vod\.cdn-c\.example\.$' cname large00007.cdn.example
	expect "$how: what went together is away" '"cdns": \[\]' rpc show.cdns '{"match": "fresh"}'
	expect "$how: what was removed is away" '^NXDOMAIN$' status_of moved.cdn.example
done
sed -i 's/name = "moved"; hosts = \[ "moved/name = "later"; hosts = [ "later/' "$LAB_DIR/e2e.conf"
kill_and_restart
expect "with another configuration the image is not used" 'started with generation [0-9]+: ' cat "$LAB_DIR/turnoutd.log"
expect "and what it says counts" '^vod\.cdn-b\.example\.$' cname later.cdn.example
expect "under what was set" '^vod\.cdn-c\.example\.$' cname large00007.cdn.example
lab_stop turnoutd
rm -f "$LAB_DIR"/state.db*
turnoutd_start "$LAB_DIR/e2e.conf"
put scope "$(scope kept cdn-c)" >/dev/null

# --- a file that is none -------------------------------------------------------------------------------------------------

lab_stop turnoutd
cp "$LAB_DIR/state.db" "$LAB_DIR/whole.db"
damaged() { # NAME REGEX: the file, as it is now, is refused and left as it is
	local sum
	sum=$(sha256sum "$LAB_DIR/state.db")
	refuses "$1" "$2" "${daemon[@]}" "$LAB_DIR/e2e.conf"
	expect "and it is left as it was" '^same$' sh -c "test \"\$(sha256sum '$LAB_DIR/state.db')\" = '$sum' && echo same"
	cp "$LAB_DIR/whole.db" "$LAB_DIR/state.db"
	rm -f "$LAB_DIR"/state.db-*
}
head -c 8192 /dev/urandom >"$LAB_DIR/state.db"
damaged "a state file of noise is refused" 'state\.db.*not an SQLite database|state\.db.*not a database'
dd if=/dev/urandom of="$LAB_DIR/state.db" bs=512 seek=5 count=8 conv=notrunc 2>/dev/null
damaged "a damaged one is refused, with what can be done" 'state\.db.*(damaged|malformed).*(restore|move)'
truncate -s 5000 "$LAB_DIR/state.db"
damaged "one that was cut off" 'state\.db.*(damaged|malformed).*(restore|move)'
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA user_version=99")
db.commit()' "$LAB_DIR/state.db"
damaged "one of a later version" 'state\.db was written by a newer turnoutd'
rm "$LAB_DIR/state.db" && mkdir "$LAB_DIR/state.db"
refuses "a folder" 'state\.db' "${daemon[@]}" "$LAB_DIR/e2e.conf"
rmdir "$LAB_DIR/state.db"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE a(b)")
db.commit()' "$LAB_DIR/state.db"
damaged "the database of another program" 'state\.db is the database of another program'
turnoutd_start "$LAB_DIR/e2e.conf"
expect "with the whole one it starts" '^vod\.cdn-c\.example\.$' cname kept.cdn.example
lab_stop turnoutd

# --- a full disk -----------------------------------------------------------------------------------------------------------

mkdir "$LAB_DIR/disk"
mount -t tmpfs -o size=2m tmpfs "$LAB_DIR/disk" || die "cannot mount a tmpfs"
at_end umount "$LAB_DIR/disk"
sed -i "s|/state\.db|/disk/state.db|" "$LAB_DIR/e2e.conf"
turnoutd_start "$LAB_DIR/e2e.conf"
put scope "$(scope kept)" >/dev/null
dd if=/dev/zero of="$LAB_DIR/disk/filler" bs=4k 2>/dev/null || true
fill() { # puts until one is refused, and says it
	local i
	for ((i = 0; i < 200; i++)); do
		put scope "$(scope "fill$i")" || { echo "the last one was fill$i" && return; }
	done
}
before=$(generation)
out=$(fill 2>&1)
expect "on a full disk a change is refused, and it says why" '^error -32000: .*(space|full).*state\.db|^error -32000: .*state\.db.*(space|full)' echo "$out"
last=$(sed -n 's/^the last one was //p' <<<"$out")
expect "it does not answer" '^NXDOMAIN$' status_of "$last.cdn.example"
expect "what was there does" '^vod\.cdn-b\.example\.$' cname kept.cdn.example
expect "nor is there a generation of it" "^$((before + ${last#fill}))\$" generation
awk 'BEGIN { for (i = 0; i < 5000; i++)
	printf "{\"scope\":{\"name\":\"disk%d\",\"hosts\":[\"disk%d.cdn.example\"],\"candidates\":[{\"cdn\":\"cdn-b\"}]}}\n", i, i }' \
	>"$LAB_DIR/disk.jsonl"
refuses "nor does a file fit" '^error -32000: .*(space|full)' "$PYTHON" "$E2E/rpc.py" "$LAB_DIR/turnout.sock" apply "{\"file\": \"$LAB_DIR/disk.jsonl\"}"
refuses "a state is refused, too" '(space|full)' "$BUILD/turnoutctl" -s "$LAB_DIR/turnout.sock" cdn cdn-b down
expect "and is not set" '^vod\.cdn-b\.example\.$' cname kept.cdn.example
sed -i 's/vod\.cdn-c\.example/disk.cdn-c.example/' "$LAB_DIR/e2e.conf"
expect "a reload that changes something is refused, too" '(space|full)' ctl reload
kill_and_restart
expect "killed and started on a full disk: what was kept is there" '^vod\.cdn-b\.example\.$' cname kept.cdn.example
expect "and nothing else" '^NXDOMAIN$' status_of "$last.cdn.example"
rm "$LAB_DIR/disk/filler"
expect "with space again a change is taken" '"added": 1' put scope "$(scope "$last")"
expect "and answers" '^vod\.cdn-b\.example\.$' cname "$last.cdn.example"
check "reload" ctl reload
expect "and what it read" '^disk\.cdn-c\.example\.$' cname s301.cdn.example
lab_stop turnoutd
turnoutd_start "$LAB_DIR/e2e.conf"
expect "and after a restart it is there" '^vod\.cdn-b\.example\.$' cname "$last.cdn.example"
lab_stop turnoutd

finish
