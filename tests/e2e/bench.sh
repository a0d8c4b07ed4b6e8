#!/usr/bin/env bash
# bench - the programs of scripts/bench measure, write JSON and draw; good clients get their share in floods at twice what a worker takes and more.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
# shellcheck source-path=SCRIPTDIR source=../bench/bench.sh
source "$TOP/tests/bench/bench.sh"
need_root
catch_the_end
LAB=turnout-${TURNOUT_RUN:+$TURNOUT_RUN-}$$
LAB_DIR=$(mktemp -d "/tmp/$LAB.XXXXXX")
at_end rm -rf "$LAB_DIR"

figure() { # EXPRESSION: of the JSON, as r
	"$PYTHON" -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$LAB_DIR/figures.json" "$1"
}

two_benchmarks() { # the one that began first ends first: each gives back its own hugepages and no more
	echo 7 >"$LAB_DIR/nr_hugepages"
	PYTHONPATH=$TOP/tests/bench "$PYTHON" -B -c '
import common, pathlib, sys
file = common.HUGEPAGES = pathlib.Path(sys.argv[1])
one, two = common.Hugepages(8), common.Hugepages(16)
one.__enter__()
two.__enter__()
one.__exit__()
assert int(file.read_text()) == 7 + 16 // 2 + 16, file.read_text()
two.__exit__()
assert int(file.read_text()) == 7, file.read_text()' "$LAB_DIR/nr_hugepages"
}

bench_make_requests
bench_make_replay
"$TOP/scripts/packages" bench
check "an overload, changes and sampling are measured" env TMPDIR="$LAB_DIR" "$PYTHON" "$TOP/tests/bench/bench.py" --quick --rounds 1 \
	--only overload --only update-rate --only sampling --json "$LAB_DIR/figures.json" --plots "$LAB_DIR/plots"
expect "twice of what the worker takes is offered, and then more" '^True$' \
	figure '1.6 < r["overload"][0]["factor"]["min"] < 3 < r["overload"][1]["factor"]["min"]'
expect "good clients get 90 % of their share of both" '^True$' figure 'all(o["share"]["min"] >= 0.9 for o in r["overload"])'
expect "changes are committed at each rate" '^True$' \
	figure 'all(u["turnoutd"]["min"] > 0 and u["reached"]["min"] >= 0.3 * u["changes"] for u in r["update-rate"])'
expect "sampling costs workers next to nothing" '^True$' figure 'all(s["ratio"]["median"] < 1.02 for s in r["sampling"])'
expect "the rate over changes is drawn" '<svg ' cat "$LAB_DIR/plots/update-rate.svg"
check "two benchmarks at once leave the hugepages as they were" two_benchmarks
expect "a file that cannot be written is found before anything is measured" 'cannot be written' \
	"$PYTHON" "$TOP/tests/bench/bench.py" --json /nowhere/figures.json

finish
