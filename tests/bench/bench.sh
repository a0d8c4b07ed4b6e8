# shellcheck shell=bash
# bench.sh - what scripts/bench and scripts/soak share: their programs, hosts that need not look for the router, a Python program.
# SPDX-License-Identifier: BSD-3-Clause

# shellcheck source-path=SCRIPTDIR source=../../scripts/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lab.sh"

PYTHON=$(PATH=/usr/bin:$PATH command -v python3) # Debian's, which has the packages

bench_build() { # programs that BUILD names are taken as they are
	"$TOP/scripts/packages" build test bench
	[[ $BUILD != "$TOP/build" ]] || "$TOP/scripts/build"
	bench_make_requests
	cc -std=gnu11 -O2 "$TOP/tests/bench/ask_ri.c" -lssl -lcrypto -o "$BUILD/ask_ri"
}

bench_make_requests() {
	cc -std=gnu11 -O2 -Wall -Wextra -I"$TOP" "$TOP/tests/bench/make_requests.c" "$TOP"/tests/bench/workload_*.c "$TOP/lib/syn_cookie.c" \
		-o "$BUILD/make_requests"
}

bench_host() { # HOST ADDRESS/LENGTH: knows the router, so that looking for one that restarts is no part of a figure
	lab_host "$1" "$2"
	lab_route "$1" 192.0.2.0/24
	lab_in "$1" ip neighbour replace 192.0.2.1 lladdr "$(lab_in router cat /sys/class/net/v0/address)" dev eth0
}

bench_end_python() { # it gives back what it took, which may take a while
	[[ ${LAB_PID[python]:-} ]] || return 0
	kill "${LAB_PID[python]}"
	lab_wait python
}

bench_python() { # FILE ARGUMENT...: of tests/bench, in the network; gives its exit code
	local file=$1 code=0
	shift
	at_end rm -rf "/run/dpdk/$LAB"
	at_end bench_end_python
	TMPDIR=$LAB_DIR "$PYTHON" "$TOP/tests/bench/$file" "$LAB" "$@" &
	LAB_PID[python]=$!
	wait "${LAB_PID[python]}" || code=$?
	unset "LAB_PID[python]"
	return "$code"
}
