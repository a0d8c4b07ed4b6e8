#!/usr/bin/env bash
# quickstart - scripts/quickstart as a newcomer runs it: it shows what it promises and leaves nothing.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
need_root
catch_the_end
shown=$(mktemp /tmp/turnout-e2e.XXXXXX)
at_end rm -f "$shown" "$shown.pid"

run_quickstart() { # [OPTION]
	sh -c "echo \$\$ >'$shown.pid'; exec '$TOP/scripts/quickstart' $*" >"$shown" 2>&1 || { cat "$shown" && return 1; }
}
leftovers() {
	local lab
	lab=turnout-${TURNOUT_RUN:+$TURNOUT_RUN-}$(<"$shown.pid")
	ip netns list | grep -F "$lab-" || true
	find /tmp /run/dpdk -maxdepth 1 -name "$lab*" 2>/dev/null || true
	pgrep -af "$lab" || true
}
began=$SECONDS
check "quickstart ends well" run_quickstart
expect "in less than a minute" 'yes' sh -c "test $((SECONDS - began)) -lt 60 && echo yes"
expect "it shows a CNAME" 'CNAME[[:space:]]+vod\.cdn-b\.example' cat "$shown"
expect "it shows a redirect" 'Location: http://edge\.cdn-b\.example/oc/7/vod\.cdn\.example/movies/railway\.mp4\?token=a%2Fb' cat "$shown"
expect "it says why" 'why: .*vod-europe' cat "$shown"
expect "it follows a redirect to the file" 'the film, delivered by edge\.cdn-b\.example' cat "$shown"
expect "it shows the fallback" 'the film, delivered by edge1\.cdn\.example' cat "$shown"
check "it leaves nothing behind" test -z "$(leftovers)"

check "with three CDNs it ends well" run_quickstart --cdni
for way in Iterative Full-recursive Semi-recursive Mixed; do
	expect "it shows how they redirect: $way" "^[0-9]\\. $way" cat "$shown"
done
expect "who asks whom" 'B -> C +POST /ri' cat "$shown"
expect "each way ends at the node of CDN C" '^5$' grep -c 'the film, delivered by edge\.c\.example' "$shown"
expect "what was told is kept" 'questions of A to B for it: 0' cat "$shown"
expect "and the fallback" '302 http://edge\.a\.example/film' cat "$shown"
check "it leaves nothing behind, either" test -z "$(leftovers)"
finish
