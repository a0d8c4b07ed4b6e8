#!/usr/bin/env bash
# crash - kill -9 at random moments under a load of commits, table files and saves: nothing acknowledged is lost, nothing is half.
# SPDX-License-Identifier: BSD-3-Clause
#
#   CRASHES=300 sudo tests/e2e/crash.sh     so many kills in place of 30; SEED=N: the dice as in the run that printed it
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
crashes=${CRASHES:-30}

lab_begin
lab_router
lab_config "$E2E/crash.conf"
keep_state "$LAB_DIR/crash.conf"
at_end rm -rf "/run/dpdk/$LAB"
lab_spawn crash router "$PYTHON" "$E2E/crash.py" "$BUILD/turnoutd" "$LAB_DIR/crash.conf" "$LAB_DIR/turnout.sock" "$LAB_DIR" \
	"$crashes" ${SEED:+"$SEED"}
got=0
lab_wait crash || got=$?
if ((got == 0)); then
	ok "killed $crashes times: $(tail -n 1 "$LAB_DIR/crash.log")"
else
	not_ok "killed $crashes times" "$(<"$LAB_DIR/crash.log")"
fi
expect "commits were under way" '[1-9][0-9]{2,} commits' cat "$LAB_DIR/crash.log"
expect "table files, too" '[1-9][0-9]* table files begun' cat "$LAB_DIR/crash.log"
finish
