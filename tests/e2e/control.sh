#!/usr/bin/env bash
# control - turnoutctl: what it shows and explains, draining and downing, reload, exit codes.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
world

exits() { # CODE COMMAND...
	local code=$1 got=0
	shift
	"$@" || got=$?
	((got == code)) || { echo "exit code $got in place of $code" && return 1; }
}
is_json() {
	"$BUILD/turnoutctl" -s "$LAB_DIR/turnout.sock" --json "$@" | python3 -m json.tool
}
cname() { # HOST NAME
	dig_in "$1" "$2" A +short
}

for what in ports workers drops scopes cdns nodes dris footprints zones; do
	check "show $what" ctl show $what
	check "show $what as JSON" is_json show $what
done
expect "status says the generation" '[Gg]eneration' ctl status
expect "show scopes names them" 'paths-live' ctl show scopes
ordered() { # METHOD LIST: its objects come in the order of their names, each with set, file and line
	rpc "$1" '{}' "$2" | "$PYTHON" -c '
import json, sys
many = json.load(sys.stdin)
names = [one["name"] if "name" in one else one["scope"]["name"] for one in many]
assert len(names) > 1 and names == sorted(names), names
assert all(one["set"] == "configuration" and one["file"].endswith("/e2e.conf") and one["line"] > 1 for one in many), many'
}
for what in scopes cdns nodes footprints; do
	check "show $what is in the order of names, and says where each was said" ordered show.$what $what
done
expect "show cdns says the state" 'cdn-d.*down' ctl show cdns

expect "explain dns names the scope" 'geo-fr' ctl explain dns geo.cdn.example A from 198.51.100.10
expect "explain dns with a client subnet" 'geo-us' ctl explain dns geo.cdn.example A from 198.51.100.10 subnet 203.0.113.0/24
expect "explain http names the scope" 'paths-live' ctl explain http http://paths.cdn.example/live/1 from 198.51.100.10
expect "explain http with a header" 'paths-mobile' \
	ctl explain http http://paths.cdn.example/x from 198.51.100.10 header "User-Agent: Mobile"
expect "explain says the Location that is sent" 'http://edge\.cdn-b\.example/oc/7/paths\.cdn\.example/x' \
	ctl explain http http://paths.cdn.example/x from 198.51.100.10
expect "explain takes the fallback into account" 'edge1' ctl explain dns dark.cdn.example A from 198.51.100.10
check "explain as JSON" is_json explain dns geo.cdn.example A from 198.51.100.10

expect "before: the first candidate" '^vod\.cdn-b\.example\.$' cname fr pair.cdn.example
check "a cdn is drained" ctl cdn cdn-b drain
expect "drain moves traffic to the next candidate" '^vod\.cdn-c\.example\.$' cname fr pair.cdn.example
expect "drain: the only candidate is still used" '^vod\.cdn-b\.example\.$' cname fr www.cdn.example
check "a cdn is set down" ctl cdn cdn-b down
expect "down: the next candidate" '^vod\.cdn-c\.example\.$' cname fr pair.cdn.example
expect "down: without another one the fallback" '^192\.0\.2\.90$' cname fr www.cdn.example
expect "down: HTTP goes to the fallback too" '^302 http://edge1\.cdn\.example/a$' get fr http://www.cdn.example/a
expect "a scope's own fallback comes before the general one" '^vod\.cdn-c\.example\.$' cname fr own.cdn.example
check "a node is set down" ctl node edge1 down
expect "nothing usable: SERVFAIL" 'status: SERVFAIL' dig_in fr www.cdn.example A
expect "nothing usable: 503" '^503 ' get fr http://www.cdn.example/a
check "all up again" sh -c "'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' cdn cdn-b up &&
	'$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' node edge1 up"
expect "after: the first candidate" '^vod\.cdn-b\.example\.$' cname fr pair.cdn.example

good=$(<"$LAB_DIR/e2e.conf")
sed -i 's/{ name = "cdn-b";/& excluded-hosts = [ "*.cdn.example" ];/' "$LAB_DIR/e2e.conf"
check "a content provider excludes a cdn" ctl reload
expect "its requests go to the next candidate" '^vod\.cdn-c\.example\.$' cname fr pair.cdn.example
expect "and to the fallback where it was the only one" '^192\.0\.2\.90$' cname fr www.cdn.example
expect "explain says why" 'cdn-b.*excluded by the content provider' ctl explain dns pair.cdn.example A from 198.51.100.10
printf '%s\n' "$good" >"$LAB_DIR/e2e.conf"
check "it excludes it no more" ctl reload
expect "and gets it again" '^vod\.cdn-b\.example\.$' cname fr pair.cdn.example
sed -i 's/vod\.cdn-b\.example/new.cdn-b.example/' "$LAB_DIR/e2e.conf"
check "reload" ctl reload
expect "the new answer" '^new\.cdn-b\.example\.$' cname fr www.cdn.example
line=$(grep -n 'name = "wild"' "$LAB_DIR/e2e.conf" | cut -d: -f1)
sed -i "${line}s/candidates/candidats/" "$LAB_DIR/e2e.conf"
check "reload of a broken file is refused" exits 1 ctl reload
expect "and names the line" "e2e\.conf:$line\b.*candidats" ctl reload
expect "and what was there still answers" '^new\.cdn-b\.example\.$' cname fr www.cdn.example
printf 'scopes = ( {' >"$LAB_DIR/e2e.conf"
expect "a file that does not parse is refused with its line" 'e2e\.conf:[0-9]+' ctl reload
expect "and what was there still answers, again" '^new\.cdn-b\.example\.$' cname fr www.cdn.example
printf '%s\n' "$good" >"$LAB_DIR/e2e.conf"
check "reload of the first file" ctl reload
expect "the first answer again" '^vod\.cdn-b\.example\.$' cname fr www.cdn.example

check "a cdn that does not exist is refused with exit code 1" exits 1 ctl cdn cdn-x down
check "a verb that does not exist has exit code 2" exits 2 ctl dance
check "a missing argument has exit code 2" exits 2 ctl cdn cdn-b
check "a socket without a daemon has exit code 3" exits 3 "$BUILD/turnoutctl" -s "$LAB_DIR/nobody.sock" status
reloads_at_hangup() {
	local before
	before=$(ctl --json status | grep -o '"generation": [0-9]*')
	sed -i 's/vod\.cdn-b\.example/hup.cdn-b.example/' "$LAB_DIR/e2e.conf"
	kill -HUP "${LAB_PID[turnoutd]}"
	wait_until 5 "another generation" sh -c "! '$BUILD/turnoutctl' -s '$LAB_DIR/turnout.sock' --json status | grep -qF '$before'"
}
check "SIGHUP reloads" reloads_at_hangup
expect "and what it read answers" '^hup\.cdn-b\.example\.$' cname fr www.cdn.example
printf '%s\n' "$good" >"$LAB_DIR/e2e.conf"
check "reload of the first file, again" ctl reload
no_generation() {
	local before after
	before=$(generation)
	ctl reload
	after=$(generation)
	[[ $before == "$after" ]] || { echo "generation $after after $before" && return 1; }
}
check "a reload that changes nothing publishes nothing" no_generation
check "help" ctl help
expect "the socket is for its owner and group only" '^srw-rw----' ls -l "$LAB_DIR/turnout.sock"

expect "a second turnoutd on the same socket says so and ends" 'turnout\.sock is in use' \
	lab_in router timeout 20 "$BUILD/turnoutd" -c "$LAB_DIR/e2e.conf"
kill -KILL "${LAB_PID[turnoutd]}"
lab_wait turnoutd 2>/dev/null || true
turnoutd_start "$LAB_DIR/e2e.conf"
expect "after kill -9 it starts again and answers" '^vod\.cdn-b\.example\.$' cname fr www.cdn.example

ends_cleanly() {
	local status=0
	kill -TERM "${LAB_PID[turnoutd]}"
	lab_wait turnoutd || status=$?
	((status == 0)) || { echo "exit code $status" && tail -n 20 "$LAB_DIR/turnoutd.log" && return 1; }
	[[ ! -e $LAB_DIR/turnout.sock ]] || { echo "the socket is still there" && return 1; }
}
# Not in a subshell: only its parent can wait for it.
if ends_cleanly >"$LAB_DIR/end.log"; then ok "SIGTERM ends turnoutd with exit code 0"; else
	not_ok "SIGTERM ends turnoutd with exit code 0" "$(<"$LAB_DIR/end.log")"
fi

finish
