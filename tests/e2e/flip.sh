#!/usr/bin/env bash
# flip - hundreds of transactions a second change where a name leads, for DNS and HTTP together: nobody sees half of one.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
seconds=8

# Two workers, so that one of them could be behind the other.
world --state
lab_stop turnoutd
sed -i -E 's/^workers = \{ count = 1/workers = { count = 2/; s/iface=v0/iface=v0,qpairs=2/' "$LAB_DIR/e2e.conf"
turnoutd_start "$LAB_DIR/e2e.conf"
first=$(
	PYTHONPATH=$E2E "$PYTHON" - "$LAB_DIR/turnout.sock" <<-'END'
		import flip, rpc, sys
		link = rpc.Rpc(sys.argv[1])
		one = link.call("begin")["transaction"]
		link.call("put", kind="cdn", object={"name": "flip"}, transaction=one)
		link.call("put", kind="dri", object=flip.dri("a"), transaction=one)
		link.call("put", kind="scope", object=flip.scope("a"), transaction=one)
		print(link.call("commit", transaction=one)["generation"])
	END
)
flip() { # NAME HOST ARGUMENT...
	local name=$1 host=$2
	shift 2
	lab_spawn "$name" "$host" "$PYTHON" "$E2E/flip.py" "$@"
}
flip ask1 fr ask $R4 $seconds
flip ask2 us ask $R4 $seconds
flip change jp change $R4 $seconds "$LAB_DIR/turnout.sock"
for name in change ask1 ask2; do
	got=0
	lab_wait $name || got=$?
	what="each client sees whole states only"
	[[ $name != change ]] || what="whoever made a change sees it at once, and no other state"
	if ((got == 0)); then
		ok "$what: $(head -n 2 "$LAB_DIR/$name.log" | paste -sd ' ')"
	else
		not_ok "$what" "$(<"$LAB_DIR/$name.log")"
	fi
done
changes=$(sed -n 's/ changes$//p' "$LAB_DIR/change.log")
expect "every change is a generation of its own" "^$((first + changes))\$" generation
expect "old views go when no worker needs them" '^[0-9]$' rpc status '{}' retired-views
finish
