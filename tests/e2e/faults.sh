#!/usr/bin/env bash
# faults - wrong input to turnoutd: each ends in one clear sentence and an exit code, none in a crash.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

lab_begin
lab_router
make_geo "$LAB_DIR/e2e.mmdb" "$LAB_DIR/e2e-city.mmdb"
lab_config "$E2E/e2e.conf"
good=$LAB_DIR/e2e.conf
bad=$LAB_DIR/bad.conf
cp -p "$BUILD/turnoutd" "$LAB_DIR"

refuses() { # NAME REGEX COMMAND...: it fails by itself, within 20 seconds, with a sentence like that and few other words
	local name=$1 regex=$2 status=0 out
	shift 2
	out=$(timeout 20 "$@" 2>&1) || status=$?
	if ((status == 0 || status >= 124)); then
		not_ok "$name" "exit code $status; $out"
	elif ! grep -qE -- "$regex" <<<"$out"; then
		not_ok "$name" "expected a line like: $regex"$'\n'"$out"
	elif (($(wc -l <<<"$out") > 6)); then
		not_ok "$name" "more than six lines for one fault:"$'\n'"$out"
	else
		ok "$name"
	fi
}
refuses_file() { # NAME REGEX SED-EXPRESSION: the good file with that change
	sed -E "$3" "$good" >"$bad"
	if cmp -s "$good" "$bad"; then
		not_ok "$1" "the expression changes nothing: $3"
		return
	fi
	refuses "$1" "$2" "$BUILD/turnoutd" -t -c "$bad"
}
scope() { # TEXT: the good file with one more scope, which starts on its last line
	sed -E 's/^( *\{ name = "own-fallback".*\})$/\1,\n'"$1"'/' "$good" >"$bad"
}

check "-t takes the good file" "$BUILD/turnoutd" -t -c "$good"
quickstart_conf() {
	cp "$TOP/configs/quickstart.conf" "$LAB_DIR"
	cp "$LAB_DIR/e2e.mmdb" "$LAB_DIR/quickstart.mmdb"
	"$BUILD/turnoutd" -t -c "$LAB_DIR/quickstart.conf"
}
check "-t takes configs/quickstart.conf" quickstart_conf
check "-t takes configs/turnout.conf.sample" "$BUILD/turnoutd" -t -c "$TOP/configs/turnout.conf.sample"

refuses "no file" 'absent\.conf.*No such file' "$BUILD/turnoutd" -t -c "$LAB_DIR/absent.conf"
refuses "no option -c" '[Uu]sage|-c' "$BUILD/turnoutd"
refuses "an option that does not exist" '[Uu]sage|option' "$BUILD/turnoutd" --fast
line=$(grep -n '^workers' "$good" | cut -d: -f1)
refuses_file "unknown key, with its line and the key that was meant" "bad\.conf:$line: .*'cuont'.*did you mean 'count'" \
	's/^workers = \{ count/workers = { cuont/'
refuses_file "a number out of range" "bad\.conf:$line: .*count" 's/^workers = \{ count = 1/workers = { count = 1000/'
refuses_file "a text where a number belongs" "bad\.conf:$line: .*count.*number" 's/^workers = \{ count = 1/workers = { count = "1"/'
refuses_file "not libconfig syntax" "bad\.conf:$line: .*syntax" 's/^workers = \{/workers = {{/'
refuses_file "an address that is none" "bad\.conf:[0-9]+: .*192\.0\.2\.300" 's/"192\.0\.2\.1", "2001/"192.0.2.300", "2001/'
refuses_file "no ports" 'bad\.conf: .*at least one port' '/^ports/d'
refuses_file "a cookie key that is no key" 'cookie-keys' 's/^geo/tcp = { cookie-keys = [ "xyz" ]; };\ngeo/'
refuses_file "a database that is not there" 'none\.mmdb.*No such file|none\.mmdb.*cannot' 's/e2e\.mmdb/none.mmdb/'
refuses_file "a database that is none" 'e2e\.conf.*(MaxMind|cannot)' 's/e2e\.mmdb/e2e.conf/'
refuses_file "a table file that is not there" 'none\.jsonl.*No such file' 's/^geo/tables = [ "none.jsonl" ];\ngeo/'
refuses_file "a candidate that nobody named" "scope 'www'.*cdn-x" '/name = "www"/s/cdn-b/cdn-x/'
refuses_file "a footprint that nobody named" "scope 'geo-fr'.*frence" 's/\[ "france" \]/[ "frence" ]/'
refuses_file "a country that is none" 'countrycode.*france|france.*country|fr4' 's/\[ "fr" \]/[ "fr4" ]/'
# shellcheck disable=SC2016
refuses_file "a pattern that RFC 8006 does not allow" "scope 'paths-movie'" 's|/movies/\*\.mp4|/movies/$x|'
refuses_file "a regex that does not compile" "scope 'paths-list'|\^/v\[0-9" 's|"\^/v\[0-9\]|"^/v([0-9]|'

scope '{ name = "bare"; hosts = [ "bare.cdn.example" ]; }'
refuses "a scope without candidates" "bad\.conf:[0-9]+: .*'bare'.*candidates" "$BUILD/turnoutd" -t -c "$bad"
scope '{ name = "second"; hosts = [ "www.cdn.example" ]; candidates = ( { cdn = "cdn-c"; } ); }'
refuses "a scope in the shadow of another names both" "scope 'second'.*'www'" "$BUILD/turnoutd" -t -c "$bad"
scope '{ name = "www"; hosts = [ "www2.cdn.example" ]; candidates = ( { cdn = "cdn-c"; } ); }'
refuses "two scopes of one name" "'www'" "$BUILD/turnoutd" -t -c "$bad"
scope '{ name = "badhost"; hosts = [ "a b.example" ]; candidates = ( { cdn = "cdn-c"; } ); }'
refuses "a host that is none" "a b\.example" "$BUILD/turnoutd" -t -c "$bad"

sed 's/^geo/tables = [ "bad.jsonl" ];\ngeo/' "$good" >"$bad"
printf '%s\n' '{"scope":{"name":"t1","hosts":["t1.cdn.example"],"candidates":[{"cdn":"cdn-b"}]}}' '{"scope":{"name":"t2"' \
	>"$LAB_DIR/bad.jsonl"
refuses "a table file with a broken line" 'bad\.jsonl:2: ' "$BUILD/turnoutd" -t -c "$bad"
printf '{"scoop":{}}\n' >"$LAB_DIR/bad.jsonl"
refuses "a table file with an unknown kind" "bad\.jsonl:1: .*'scoop'" "$BUILD/turnoutd" -t -c "$bad"

# --- what only shows when it starts --------------------------------------------------------------------------------

at_end rm -rf "/run/dpdk/$LAB"
in_router=(ip netns exec "$LAB-router")
sed 's/iface=v0/iface=v9/' "$good" >"$bad"
refuses "a link that is not there" "port 'p0'.*interface it names exists" "${in_router[@]}" "$BUILD/turnoutd" -c "$bad"
sed -E 's/vdev = "[^"]*"/device = "0000:ff:1f.7"/' "$good" >"$bad"
refuses "a device that is not there" 'port .p0.*no such device' "${in_router[@]}" "$BUILD/turnoutd" -c "$bad"
sed 's/^workers = { count = 1/workers = { count = 2/' "$good" >"$bad"
refuses "a device with fewer queues than workers" "port 'p0'.*1 queue pair.*2 workers" "${in_router[@]}" "$BUILD/turnoutd" -c "$bad"
sed 's|socket = "[^"]*"|socket = "/proc/turnout.sock"|' "$good" >"$bad"
refuses "a socket that cannot be made" '/proc/turnout\.sock' "${in_router[@]}" "$BUILD/turnoutd" -c "$bad"

mkdir -m 755 "$LAB_DIR/nobody"
chown nobody "$LAB_DIR/nobody"
sed "s|$LAB_DIR/turnout.sock|$LAB_DIR/nobody/turnout.sock|" "$good" >"$bad"
chmod 644 "$bad" "$LAB_DIR"/e2e*.mmdb
refuses "no permission" '[Pp]ermission|[Pp]ermitted|root|CAP_' "${in_router[@]}" setpriv --reuid nobody --regid nogroup --clear-groups \
	env XDG_RUNTIME_DIR="$LAB_DIR/nobody" "$LAB_DIR/turnoutd" -c "$bad"

# A table that does not fit the memory which the process may have.
awk 'BEGIN { for (i = 0; i < 400000; i++)
	printf "{\"scope\":{\"name\":\"t%d\",\"hosts\":[\"t%d.cdn.example\"],\"candidates\":[{\"cdn\":\"cdn-b\"}]}}\n", i, i }' \
	>"$LAB_DIR/big.jsonl"
sed 's/^geo/tables = [ "big.jsonl" ];\ngeo/' "$good" >"$bad"
refuses "no memory for the table" '[Mm]emory' sh -c "ulimit -v 120000 && exec '$BUILD/turnoutd' -t -c '$bad'"
check "and with enough memory it is taken" "$BUILD/turnoutd" -t -c "$bad"

finish
