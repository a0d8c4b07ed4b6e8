#!/usr/bin/env bash
# llhttp - our HTTP parser beside an independent one, on generated and mutated requests: every disagreement has a decision.
# SPDX-License-Identifier: BSD-3-Clause
#
# llhttp comes as WebAssembly in the npm package undici (that named llhttp holds its grammar alone). Besides that: Debian's nodejs, npm.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

UNDICI=7.3.0
REQUESTS=100000

folder=$(mktemp -d "/tmp/turnout-${TURNOUT_RUN:-$$}-llhttp.XXXXXX")
trap 'rm -rf "$folder"' EXIT

install() {
	printf '{"private": true}\n' >"$folder/package.json"
	(cd "$folder" && timeout 120 npm install --ignore-scripts --no-audit --no-fund --no-package-lock "undici@$UNDICI")
}

ask_both() { # SEED
	python3 "$E2E/llhttp.py" make "$1" "$REQUESTS" "$folder/requests" &&
		"$BUILD/tests/http_verdicts" <"$folder/requests" >"$folder/ours" &&
		node "$E2E/llhttp.js" "$folder/node_modules" "$folder/requests" >"$folder/theirs"
}

check "llhttp of undici $UNDICI is there" install
for seed in 1 2 3; do
	check "both parsers read $REQUESTS requests, seed $seed" ask_both $seed
	check "every disagreement is decided, seed $seed" \
		python3 "$E2E/llhttp.py" compare "$folder/requests" "$folder/ours" "$folder/theirs"
done
printf 'the classes of seed 3:\n'
python3 "$E2E/llhttp.py" compare "$folder/requests" "$folder/ours" "$folder/theirs" | sed 's/^/    /'
exit "$FAILED"
