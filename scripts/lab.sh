# shellcheck shell=bash
# lab.sh - a small network in namespaces for the other scripts, and the promise that it is gone afterwards.
# SPDX-License-Identifier: BSD-3-Clause
#
#   host fr ---+
#   host us ---+--- bridge (namespace "wire") --- v0, which turnoutd takes (namespace "router")
#   host web --+
#
# All names start with $LAB, which has the process id in it (and that of scripts/test): runs beside each other do not meet.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
LAB=''
LAB_DIR=''
declare -A LAB_PID=()
AT_END=()

# --- words ---------------------------------------------------------------------------------------------------------

die() { # SENTENCE [LOG]: says it, shows the end of the log, ends the script
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	if [[ -s ${2:-} ]]; then
		printf '    the last lines of its log:\n' >&2
		tail -n 15 "$2" | sed 's/^/    /' >&2
	fi
	exit 1
}

need_root() {
	((EUID == 0)) || die "needs root, because it makes network namespaces: sudo $0"
}

# --- the end -------------------------------------------------------------------------------------------------------

at_end() { # COMMAND...: run when the script ends, however it ends; the last one first
	AT_END+=("$(printf '%q ' "$@")")
}

run_at_end() {
	local status=$? i
	trap '' INT TERM
	set +e
	for ((i = ${#AT_END[@]} - 1; i >= 0; i--)); do
		eval "${AT_END[i]}" >/dev/null 2>&1
	done
	AT_END=()
	exit "$status"
}

catch_the_end() {
	trap run_at_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

end_process() { # PID: asks it to end, insists after five seconds
	local i
	kill "$1" 2>/dev/null || return 0
	for ((i = 0; i < 50; i++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$1"
}

wait_until() { # SECONDS WHAT COMMAND...: waits until the command succeeds
	local seconds=$1 what=$2 end
	shift 2
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || die "waited $seconds seconds in vain for $what"
		sleep 0.1
	done
}

# --- the network ---------------------------------------------------------------------------------------------------

lab_begin() { # [NAME]: an empty network; LAB_DIR is a folder for files
	need_root
	LAB=${1:-turnout-${TURNOUT_RUN:+$TURNOUT_RUN-}$$}
	catch_the_end
	LAB_DIR=$(mktemp -d "/tmp/$LAB.XXXXXX")
	chmod 711 "$LAB_DIR"
	at_end rm -rf "$LAB_DIR"
	lab_namespace wire
	lab_in wire ip link add bridge type bridge mcast_snooping 0 ||
		die "the kernel cannot make a bridge in a namespace"
	lab_in wire ip link set bridge up
}

lab_namespace() { # HOST: a namespace without links
	ip netns add "$LAB-$1" || die "cannot make the network namespace $LAB-$1"
	at_end ip netns del "$LAB-$1"
	lab_in "$1" ip link set lo up
}

lab_in() { # HOST COMMAND...: runs it there
	local host=$1
	shift
	ip netns exec "$LAB-$host" "$@"
}

# The packets go from a kernel to a driver that neither fills in checksums nor cuts segments: no offloads.
no_offloads() { # HOST LINK
	lab_in "$1" ethtool -K "$2" tx off rx off sg off tso off gso off gro off txvlan off rxvlan off \
		>/dev/null 2>&1 || die "cannot switch off the offloads of $2 in $LAB-$1"
}

no_ipv6() { # HOST LINK
	lab_in "$1" sh -c "test ! -d /proc/sys/net/ipv6 || echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
}

lab_link() { # HOST LINK [NAME]: a link from there to the bridge, whose other end is to-NAME (to-HOST)
	local end=to-${3:-$1}
	lab_in wire ip link add "$end" type veth peer name "$2" netns "$LAB-$1"
	no_ipv6 wire "$end"
	no_offloads wire "$end"
	no_offloads "$1" "$2"
	lab_in wire ip link set "$end" master bridge up
}

lab_host() { # HOST ADDRESS/LENGTH...: a host with these addresses on eth0
	local host=$1 address
	shift
	lab_namespace "$host"
	lab_link "$host" eth0
	for address in "$@"; do
		if [[ $address == *:* ]]; then
			lab_in "$host" ip address add "$address" dev eth0 nodad
		else
			lab_in "$host" ip address add "$address" dev eth0
		fi
	done
	lab_in "$host" ip link set eth0 up
}

lab_route() { # HOST PREFIX...: these are on its link too
	local host=$1 prefix
	shift
	for prefix in "$@"; do
		lab_in "$host" ip route add "$prefix" dev eth0
	done
}

lab_router() { # the namespace of turnoutd: the kernel answers nothing there
	lab_namespace router
	lab_link router v0
	no_ipv6 router v0
	lab_in router ip link set v0 up
}

# --- certificates --------------------------------------------------------------------------------------------------

lab_authority() { # ca.key and ca.crt in LAB_DIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
		-keyout "$LAB_DIR/ca.key" -out "$LAB_DIR/ca.crt" 2>/dev/null || die "openssl makes no certificate"
}

lab_certificate() { # FILE DNS-NAME: FILE.key and FILE.crt of the authority
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=nobody \
		-keyout "$LAB_DIR/$1.key" -out "$LAB_DIR/$1.csr" 2>/dev/null
	openssl x509 -req -in "$LAB_DIR/$1.csr" -CA "$LAB_DIR/ca.crt" -CAkey "$LAB_DIR/ca.key" -days 2 -out "$LAB_DIR/$1.crt" \
		-extfile <(printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2") 2>/dev/null
}

# --- programs in it ------------------------------------------------------------------------------------------------

lab_spawn() { # NAME HOST COMMAND...: in the background, with its log in LAB_DIR/NAME.log, ended with the script
	local name=$1 host=$2
	shift 2
	setsid ip netns exec "$LAB-$host" "$@" >"$LAB_DIR/$name.log" 2>&1 </dev/null &
	LAB_PID[$name]=$!
	at_end lab_stop "$name"
}

lab_wait() { # NAME: until it has ended by itself; gives its exit code
	local pid=${LAB_PID[$1]}
	unset "LAB_PID[$1]"
	wait "$pid"
}

lab_stop() { # NAME
	[[ ${LAB_PID[$1]:-} ]] || return 0
	end_process "${LAB_PID[$1]}"
	lab_wait "$1" || true
}

turnoutd_answers() {
	"$BUILD/turnoutctl" -s "$LAB_DIR/turnout.sock" status
}

turnoutd_ended_or_answers() {
	! kill -0 "${LAB_PID[turnoutd]}" || turnoutd_answers
}

turnoutd_start() { # FILE: in the router namespace, with that configuration
	lab_spawn turnoutd router "$BUILD/turnoutd" -c "$1"
	at_end rm -rf "/run/dpdk/$LAB"
	wait_until 30 "turnoutd to answer on its control socket" turnoutd_ended_or_answers
	turnoutd_answers >/dev/null 2>&1 ||
		die "turnoutd ended at once with the configuration ${1##*/}" "$LAB_DIR/turnoutd.log"
}

ctl() { # VERB...: turnoutctl towards the running turnoutd
	"$BUILD/turnoutctl" -s "$LAB_DIR/turnout.sock" "$@"
}

# A configuration for this run: its own socket and DPDK prefix, the folder of the run for all that it names.
lab_config() { # FILE [NAME]: copies it to LAB_DIR/NAME
	sed -E -e "s|^(.*\bsocket *= *)\"[^\"]*\"|\1\"$LAB_DIR/turnout.sock\"|" \
		-e "s|^(state *=.*\bfile *= *)\"[^\"]*\"|\1\"$LAB_DIR/state.db\"|" \
		-e "s|^(.*\bprefix *= *)\"[a-z0-9-]*\"|\1\"$LAB\"|" "$1" >"$LAB_DIR/${2:-${1##*/}}"
}
