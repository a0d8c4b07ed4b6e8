# shellcheck shell=bash
# bench.sh - what scripts/bench and scripts/soak share: their programs, hosts that need not look for the router, a Python program.
# SPDX-License-Identifier: BSD-3-Clause

# shellcheck source-path=SCRIPTDIR source=../../scripts/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lab.sh"

PYTHON=$(PATH=/usr/bin:$PATH command -v python3) # Debian's, which has the packages

bench_build() { # TARGET...: of meson; programs that BUILD names are taken as they are
	"$TOP/scripts/packages" build test bench
	[[ $BUILD != "$TOP/build" ]] || "$TOP/scripts/build" "$@"
	bench_make_requests
}

bench_make_requests() {
	cc -std=gnu11 -O2 -Wall -Wextra -I"$TOP" "$TOP/tests/bench/make_requests.c" "$TOP"/tests/bench/workload_*.c "$TOP/lib/syn_cookie.c" \
		-o "$BUILD/make_requests"
}

bench_make_replay() {
	# shellcheck disable=SC2046
	cc -std=gnu11 -O2 -Wall -Wextra -I"$TOP" $(pkg-config --cflags libdpdk) "$TOP/tests/bench/replay.c" $(pkg-config --libs libdpdk) \
		-o "$BUILD/replay"
}

bench_host() { # HOST ADDRESS/LENGTH: knows the router, so that looking for one that restarts is no part of a figure
	lab_host "$1" "$2"
	lab_route "$1" 192.0.2.0/24
	lab_in "$1" ip neighbour replace 192.0.2.1 lladdr "$(lab_in router cat /sys/class/net/v0/address)" dev eth0
}

bench_pair() { # router with v0, client with eth0, and one wire between them: no bridge, no looking for neighbours
	local at
	lab_namespace router
	lab_namespace client
	lab_in router ip link add v0 numrxqueues 1 numtxqueues 1 type veth peer name eth0 numrxqueues 1 numtxqueues 1 netns "$LAB-client"
	for at in "router v0 192.0.2.1" "client eth0 192.0.2.10"; do
		# shellcheck disable=SC2086
		bench_pair_end $at
	done
	for at in 192.0.2.10 192.0.2.11; do # the second one is that of a client without a kernel
		lab_in router ip neighbour replace $at lladdr "$(lab_in client cat /sys/class/net/eth0/address)" dev v0
	done
	lab_in client ip neighbour replace 192.0.2.1 lladdr "$(lab_in router cat /sys/class/net/v0/address)" dev eth0
	lab_in client sysctl -qw net.ipv4.ip_local_port_range='1024 65535'
}

bench_pair_end() { # HOST LINK ADDRESS
	no_ipv6 "$1" "$2"
	no_offloads "$1" "$2"
	lab_in "$1" ip address add "$3/24" dev "$2"
	lab_in "$1" ip link set "$2" up
}

bench_end_python() { # it gives back what it took, which may take a while
	[[ ${LAB_PID[python]:-} ]] || return 0
	kill "${LAB_PID[python]}"
	lab_wait python
}

bench_python() { # FILE ARGUMENT...: of tests/bench, in the network; gives its exit code
	local file=$1 code=0
	shift
	at_end rm -rf "/run/dpdk/$LAB" "/run/dpdk/$LAB-loadgen"
	at_end bench_end_python
	TMPDIR=$LAB_DIR "$PYTHON" "$TOP/tests/bench/$file" "$LAB" "$@" &
	LAB_PID[python]=$!
	wait "${LAB_PID[python]}" || code=$?
	unset "LAB_PID[python]"
	return "$code"
}
