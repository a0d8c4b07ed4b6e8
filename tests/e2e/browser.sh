#!/usr/bin/env bash
# browser - headless Chromium asks Turnout for a page, by HTTP and by DNS, over IPv4 and IPv6, and shows what a real nginx delivers.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

web() { # nginx as the delivery node edge1: the addresses that the configuration gives it
	mkdir -p "$LAB_DIR/web/live"
	printf '<!doctype html><title>edge1</title><p id=from></p><script>from.textContent = "delivered to " + location.host + location.pathname</script>\n' \
		>"$LAB_DIR/web/live/9"
	chmod -R a+rX "$LAB_DIR/web"
	cat >"$LAB_DIR/nginx.conf" <<-END
		daemon off; user nobody nogroup; worker_processes 1; pid $LAB_DIR/nginx.pid; error_log stderr;
		events { }
		http { access_log $LAB_DIR/access.log; default_type text/html;
		       server { listen 192.0.2.90:80; listen [2001:db8::90]:80; root $LAB_DIR/web; } }
	END
	lab_host edge 192.0.2.90/24 2001:db8::90/64
	lab_route edge 198.51.100.0/24 2001:db8:f::/64
	lab_spawn nginx edge /usr/sbin/nginx -c "$LAB_DIR/nginx.conf" -e stderr
	wait_until 10 "nginx to listen" lab_in edge curl -s -o /dev/null http://192.0.2.90/live/9
}

browse() { # MAPPING URL: the page as it stands when its script has run
	local profile
	profile=$(mktemp -d "$LAB_DIR/profile.XXXXXX")
	lab_in fr env HOME="$profile" timeout 40 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
		--disable-background-networking --disable-component-update --user-data-dir="$profile" --virtual-time-budget=5000 \
		--host-resolver-rules="$1" --dump-dom "$2" 2>/dev/null
}

world
web
ctl add scope '{"name": "page", "hosts": ["page.cdn.example"], "candidates": [{"node": "edge1"}]}' >/dev/null
: >"$LAB_DIR/access.log"
for family in 4 6; do
	if ((family == 4)); then turnout=$R4 edge=192.0.2.90; else turnout="[$R6]" edge='[2001:db8::90]'; fi
	expect "Chromium follows a redirect to nginx, IPv$family" 'delivered to edge1\.cdn\.example/live/9' \
		browse "MAP page.cdn.example $turnout, MAP edge1.cdn.example $edge" http://page.cdn.example/live/9
	expect "nginx has seen it, IPv$family" 'GET /live/9 HTTP/1.1" 200' cat "$LAB_DIR/access.log"
	: >"$LAB_DIR/access.log"
done

# Turnout is the name server of the client: Chromium's own resolver asks it, and goes where it says.
mkdir -p "/etc/netns/$LAB-fr"
at_end rm -rf "/etc/netns/$LAB-fr"
printf 'nameserver %s\noptions timeout:1\n' $R4 >"/etc/netns/$LAB-fr/resolv.conf"
expect "Chromium finds nginx by our DNS answer" 'delivered to page\.cdn\.example/live/9' browse 'MAP none.invalid 127.0.0.1' http://page.cdn.example/live/9

finish
