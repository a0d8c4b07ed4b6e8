# shellcheck shell=bash
# case.sh - what the end-to-end tests share: one line for each case, the world of e2e.conf, questions to it.
# SPDX-License-Identifier: BSD-3-Clause

# shellcheck source-path=SCRIPTDIR source=../../scripts/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lab.sh"

E2E=$TOP/tests/e2e
R4=192.0.2.1
R6=2001:db8::1
FAILED=0

ok() { # NAME
	printf 'ok %s\n' "$1"
}

not_ok() { # NAME [DETAILS]
	printf 'not ok %s\n' "$1"
	printf '%s\n' "${2:-}" | sed -n '1,25 s/^/    /p'
	FAILED=1
}

expect() { # NAME REGEX COMMAND...: what the command prints has a line like that
	local name=$1 regex=$2 out
	shift 2
	out=$("$@" 2>&1) || true
	if grep -qE -- "$regex" <<<"$out"; then
		ok "$name"
	else
		not_ok "$name" "expected a line like: $regex"$'\n'"command: $*"$'\n'"$out"
	fi
}

check() { # NAME COMMAND...: the command succeeds
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "command: $*"$'\n'"$out"
	fi
}

# --- the world of e2e.conf -----------------------------------------------------------------------------------------

make_geo() { # FILE CITY-FILE
	perl "$TOP/tests/support/make_mmdb.pl" flat "$1" <<-'END'
		198.51.100.0/24 country=fr asn=64501
		203.0.113.0/24 country=us asn=64502
		192.0.2.128/25 country=jp
		2001:db8:f::/48 country=fr
		2001:db8:a::/48 country=us
	END
	perl "$TOP/tests/support/make_mmdb.pl" city "$2" <<-'END'
		203.0.113.0/25 country=us subdivision=ny
		203.0.113.128/25 country=us subdivision=ca
	END
}

keep_state() { # FILE: this configuration keeps in LAB_DIR/state.db what is set at run time
	printf 'state = { file = "%s"; };\n' "$LAB_DIR/state.db" >>"$1"
}

world() { # [--state]: the network and a running turnoutd, which keeps what is set at run time; WORLD_MORE is more configuration
	lab_begin
	lab_router
	lab_host fr 198.51.100.10/24 2001:db8:f::10/64
	lab_host us 203.0.113.10/24 2001:db8:a::10/64
	lab_host jp 192.0.2.200/25
	local host
	for host in fr us jp; do
		lab_route "$host" 192.0.2.0/24
	done
	lab_route fr 2001:db8::/64
	lab_route us 2001:db8::/64
	make_geo "$LAB_DIR/e2e.mmdb" "$LAB_DIR/e2e-city.mmdb"
	lab_config "$E2E/e2e.conf"
	printf '%s\n' "${WORLD_MORE:-}" >>"$LAB_DIR/e2e.conf"
	[[ ${1:-} != --state ]] || keep_state "$LAB_DIR/e2e.conf"
	turnoutd_start "$LAB_DIR/e2e.conf"
}

# --- questions -----------------------------------------------------------------------------------------------------

dig_in() { # HOST ARGUMENT...
	local host=$1
	shift
	lab_in "$host" dig "@$R4" +tries=2 +time=2 "$@"
}

get() { # HOST URL [CURL OPTION...]: prints the status and the Location as they came
	local host=$1 url=$2
	shift 2
	lab_in "$host" curl -s -o /dev/null --max-time 5 --path-as-is --resolve "*:80:$R4" \
		-w '%{http_code} %header{location}\n' "$@" "$url"
}

raw() { # HOST BYTES [PORT]: sends them in one segment over TCP (with backslash escapes), prints what comes back
	lab_in "$1" python3 "$E2E/raw.py" "$R4" "${3:-80}" "$2"
}

# --- the control socket --------------------------------------------------------------------------------------------

# The system's own Python starts faster than one behind a wrapper.
PYTHON=$(PATH=/usr/bin:$PATH command -v python3)

rpc() { # METHOD [PARAMS [MEMBER...]]: prints the result; a refusal: its code, sentence and faults, exit code 1
	"$PYTHON" "$E2E/rpc.py" "$LAB_DIR/turnout.sock" "$@"
}

put() { # KIND OBJECT [MEMBERS]: MEMBERS: more parameters, as '"transaction": 1'
	rpc put "{\"kind\": \"$1\", \"object\": $2${3:+, $3}}"
}

remove() { # KIND NAME [MEMBERS]
	rpc remove "{\"kind\": \"$1\", \"name\": \"$2\"${3:+, $3}}"
}

generation() {
	rpc status '{}' view generation
}

finish() { # a turnoutd that died in between has not passed
	if [[ ${LAB_PID[turnoutd]:-} ]] && ! kill -0 "${LAB_PID[turnoutd]}" 2>/dev/null; then
		not_ok "turnoutd still runs at the end" "$(tail -n 40 "$LAB_DIR/turnoutd.log")"
	fi
	exit "$FAILED"
}
