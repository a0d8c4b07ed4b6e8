#!/usr/bin/env bash
# requests - what tests/bench/make_requests writes is answered by turnoutd as its options say: redirects, misses, SYN-ACKs.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../bench/bench.sh
source "$TOP/tests/bench/bench.sh"

catch_the_end
LAB=turnout-${TURNOUT_RUN:+$TURNOUT_RUN-}$$
LAB_DIR=$(mktemp -d "/tmp/$LAB.XXXXXX")
at_end rm -rf "$LAB_DIR" "/run/dpdk/$LAB"
bench_make_requests
PYTHONPATH=$TOP/tests/bench python3 "$E2E/requests.py" "$LAB_DIR" "$LAB" || FAILED=1
check "--help tells the options" sh -c "'$BUILD/make_requests' --help | grep -q -- --spoofed-syns"
expect "a GET that is too small is refused" 'no GET can have 50 octets' \
	sh -c "'$BUILD/make_requests' http --key 00112233445566778899aabbccddeeff --size 50 --count 1 >/dev/null"
expect "so is a percentage over 100" "^make_requests: --ipv6 cannot be '101'" "$BUILD/make_requests" dns --ipv6 101

finish
