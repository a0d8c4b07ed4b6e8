#!/usr/bin/env bash
# loadgen - the generator of requests for benchmarks counts what turnoutd counts, over shared memory (net_vhost, net_virtio_user): right answers,
# refusals as wrong ones, and the answers of a turnoutd that stands still as lost.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../bench/bench.sh
source "$TOP/tests/bench/bench.sh"
key=000102030405060708090a0b0c0d0e0f
mac=56:48:4f:53:54:00 # of the first port of net_vhost

lab_begin
lab_namespace router
bench_make_requests
cat >"$LAB_DIR/loadgen.conf" <<END
eal = { hugepages = false; memory = 256; prefix = "$LAB"; };
workers = { count = 1; idle = "sleep"; };
ports = ( { name = "p0"; vdev = "net_vhost0,iface=$LAB_DIR/vhost.sock,queues=1"; addresses = [ "192.0.2.1" ]; mbufs = 8192; } );
control = { socket = "$LAB_DIR/turnout.sock"; };
zones = ( { name = "cdn.example"; servers = ( { name = "ns1.cdn.example"; addresses = [ "192.0.2.1" ]; } ); } );
cdns = ( { name = "b"; } );
dris = ( { cdn = "b"; dns-target = { host = "b.example"; }; http-target = { host = "b.example"; scheme = "http"; }; } );
scopes = ( { name = "all"; hosts = [ "*.cdn.example" ]; candidates = ( { cdn = "b"; } ); } );
END
"$BUILD/make_requests" dns --key $key --scopes 1000 --count 5000 --mac $mac >"$LAB_DIR/dns.pcap"
"$BUILD/make_requests" http --key $key --scopes 1000 --count 5000 --mac $mac >"$LAB_DIR/http.pcap"
sed 's/example/nowhere/g' "$LAB_DIR/dns.pcap" >"$LAB_DIR/refused.pcap"

generate() { # FILE ARGUMENT...: its report, in JSON
	local file=$1
	shift
	lab_in router timeout -k 5 20 "$BUILD/tests/loadgen" --no-pci --no-huge -m 128 --no-telemetry --file-prefix="$LAB-loadgen" --lcores=0@0 \
		--log-level=1 "--vdev=net_virtio_user0,path=$LAB_DIR/vhost.sock" -- --requests "$LAB_DIR/$file.pcap" --json --quiet "$@" \
		>"$LAB_DIR/report" 2>"$LAB_DIR/loadgen.log" || die "loadgen ended with an error" "$LAB_DIR/loadgen.log"
}

reported() { # KEY
	"$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$LAB_DIR/report" "$1"
}

counted() { # NAME: of the worker
	ctl --json show workers | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["workers"][0][sys.argv[1]])' "$1"
}

all_right() { # every request was sent, answered and timed, and some were
	"$PYTHON" - "$LAB_DIR/report" <<-'END'
		import json, sys
		r = json.load(open(sys.argv[1]))
		us = [v for _, v in r["percentiles"]]
		assert r["answered"] == r["sent"] > 100 and not r["wrong"] + r["timeouts"] + r["strays"], r
		assert 0 < us[0] and us == sorted(us), us
	END
}

at_end rm -rf "/run/dpdk/$LAB-loadgen"
turnoutd_start "$LAB_DIR/loadgen.conf"

generate dns --flight 32 --seconds 1
check "DNS, closed loop: every answer is right" all_right
expect "turnoutd counted as many queries" "^$(reported sent)$" counted dns-requests

generate http --flight 32 --seconds 1
check "HTTP, closed loop: every connection brings a redirect" all_right
expect "turnoutd counted as many GETs" "^$(reported sent)$" counted http-requests
expect "and as many SYNs" "^$(reported sent)$" counted syns
expect "and acknowledged each end" "^$(reported sent)$" reported ends

generate dns --rate 2000 --seconds 1
expect "open loop: as many as the rate says" '^2000$' reported sent
check "and every answer is right" all_right

generate refused --flight 8 --seconds 0.5
expect "refused names are wrong answers" "^$(reported sent)$" reported wrong
expect "and none is right" '^0$' reported answered
refused=$(ctl --json show drops | "$PYTHON" -c 'import json, sys
print(next(d["count"] for d in json.load(sys.stdin)["drops"] if d["reason"] == "dns_refused"))')
check "turnoutd refused as many" test "$refused" = "$(reported sent)"

generate dns --flight 32 --seconds 2 --timeout 0.3 &
generator=$!
sleep 1.2
kill -STOP "${LAB_PID[turnoutd]}"
SECONDS=0
wait "$generator"
kill -CONT "${LAB_PID[turnoutd]}"
check "a turnoutd that stands still: the generator ends" test "$SECONDS" -lt 10
check "and counts what is lost" test "$(reported timeouts)" -ge 32
expect "sent is what was answered, wrong or lost" "^$(reported sent)$" \
	echo "$(($(reported answered) + $(reported wrong) + $(reported timeouts)))"

finish
