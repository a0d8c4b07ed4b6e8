#!/usr/bin/env bash
# pktgen - the streams and the throughput search of scripts/pktgen, tried on turnoutd over vhost and memif with a stand-in for Pktgen.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../bench/bench.sh
source "$TOP/tests/bench/bench.sh"

KEY=000102030405060708090a0b0c0d0e0f
RATE=2000

begin() { # without a network: two processes share memory
	need_root
	catch_the_end
	LAB=turnout-${TURNOUT_RUN:+$TURNOUT_RUN-}$$
	LAB_DIR=$(mktemp -d "/tmp/$LAB.XXXXXX")
	at_end rm -rf "$LAB_DIR" "/run/dpdk/$LAB" "/run/dpdk/$LAB-replay"
	lab_namespace router
	bench_make_replay
}

router() { # VDEV: turnoutd on it, with a table of 1000 scopes
	(cd "$TOP/tests/bench" && "$PYTHON" -B -c '
import pathlib, sys
from common import pick_cpus
from daemon import write_conf
worker, control = pick_cpus()
write_conf(pathlib.Path(sys.argv[1]), {"hugepages": False, "memory": 256, "mbufs": 16384, "prefix": sys.argv[2], "vdev": sys.argv[3],
                                       "worker_cpu": worker, "control_cpu": control})' "$LAB_DIR" "$LAB" "$1")
	turnoutd_start "$LAB_DIR/bench.conf"
}

stream() { # NAME: the command that writes it
	local size=''
	[[ $1 != get-* ]] || size="--size $((${1#get-} - 58))"
	[[ $1 != get-* ]] || set -- http
	echo "$BUILD/make_requests $1 --count 4096 --mac $mac $([[ $1 != http ]] || echo "--key $KEY $size")"
}

search() { # VDEV OPTION...: of search.py, with the stand-in on that device
	local vdev=$1
	shift
	"$PYTHON" "$TOP/scripts/pktgen/search.py" --pause 0 --json "$LAB_DIR/found.json" --replay \
		"$BUILD/replay -l 0 --no-pci --no-huge -m 256 --no-shconf --file-prefix=$LAB-replay --log-level=error --vdev=$vdev" "$@"
}

found() { # EXPRESSION: over `trials` and `result` of the first stream
	"$PYTHON" -c "
import json, sys
result = json.load(open('$LAB_DIR/found.json'))['results'][0]
trials = result['trials']
print($1)"
}

counted() { # COUNTER: of the worker
	ctl --json show workers | "$PYTHON" -c "import json, sys; print(json.load(sys.stdin)['workers'][0]['$1'])"
}

drops() {
	ctl --json show drops | "$PYTHON" -c "import json, sys; print(sum(d['count'] for d in json.load(sys.stdin)['drops']))"
}

steady() { # DEVICE-NAME VDEV STREAM COUNTER: at a steady rate each request has an answer of its kind, by the router's own count too
	local before after
	before=$(counted "$4")
	search "$2" --make --highest $RATE --lowest $RATE --seconds 1 "$(stream "$3")" >"$LAB_DIR/search.log" 2>&1 || cat "$LAB_DIR/search.log"
	after=$(counted "$4")
	expect "$1: $3: each of the requests is answered by an answer of its kind" '^True$' \
		found "result['loss-percent'] == 0 and sum(t['other'] for t in trials) == 0 and result['requests-per-second'] >= 0.9 * $RATE"
	expect "$1: $3: turnoutd counted as many" '^True$' found "sum(t['sent'] for t in trials) == $after - $before"
}

streams() { # DEVICE-NAME VDEV
	mac=$(ctl --json show ports | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["ports"][0]["mac"])')
	steady "$1" "$2" dns dns-redirects
	steady "$1" "$2" syn syns
	steady "$1" "$2" get-256 http-redirects
	steady "$1" "$2" get-1518 http-redirects
	expect "$1: nothing was dropped" '^0$' drops
}

begin
check "the streams are written by one command" "$TOP/scripts/pktgen/streams" "$LAB_DIR" $KEY --count 1000
vhost="net_vhost0,iface=$LAB_DIR/vhost.sock" user="net_virtio_user0,path=$LAB_DIR/vhost.sock,queue_size=1024"
router "$vhost"
streams vhost "$user"

search "$user" --make --seconds 0.5 --loss 1 --precision 20 --lowest 1000 "$(stream dns)" >"$LAB_DIR/search.log" 2>&1 || true
expect "the search ends with a rate" '^ +[0-9]+ +[0-9,]{6,} ' cat "$LAB_DIR/search.log"
expect "between one that was good and one that was not" '^True$' \
	found "max(100 * (1 - t['answered'] / t['sent']) for t in trials) > 1 and result['loss-percent'] <= 1"

search "$user" --make --seconds 0.2 --highest 4000 --lowest 1000 "$(stream dns) --address 192.0.2.2" >"$LAB_DIR/search.log" 2>&1 || true
expect "requests to another address, which nobody answers, have no rate, and all are lost" '^0 100' \
	found "result['requests-per-second'], result['loss-percent']"

lab_stop turnoutd
router "net_memif0,role=server,socket=$LAB_DIR/memif.sock,socket-abstract=no"
streams memif "net_memif0,role=client,socket=$LAB_DIR/memif.sock,socket-abstract=no"
finish
