# shellcheck shell=bash
# cdni.sh - three interconnected CDNs in the network of lab.sh, as configs/cdni-{a,b,c}.conf say, with nginx as their delivery nodes.
# SPDX-License-Identifier: BSD-3-Clause
#
#   user fr ---+
#   nodes web -+--- bridge --- v0 of cdn-a, cdn-b, cdn-c (192.0.2.1, .2, .3), and eth0 of each, over which they talk (10.9.0.1, .2, .3)

declare -gA CDNI_IP=([a]=10.9.0.1 [b]=10.9.0.2 [c]=10.9.0.3)

# --- the network ---------------------------------------------------------------------------------------------------

cdni_cdn() { # a|b|c: its namespace, links and certificate
	lab_namespace "cdn-$1"
	lab_link "cdn-$1" eth0
	lab_in "cdn-$1" ip address add "${CDNI_IP[$1]}/24" dev eth0
	lab_in "cdn-$1" ip link set eth0 up
	lab_link "cdn-$1" v0 "v0-$1"
	no_ipv6 "cdn-$1" v0
	lab_in "cdn-$1" ip link set v0 up
	lab_certificate "$1" "cdn-$1.example"
}

cdni_web() { # the delivery node of each CDN: nginx, with a file that says whose it is
	local cdn servers=''
	for cdn in a b c; do
		mkdir -p "$LAB_DIR/web/$cdn"
		echo "the film, delivered by edge.$cdn.example" >"$LAB_DIR/web/$cdn/film"
	done
	servers="server { listen 192.0.2.91:80; root $LAB_DIR/web/a; } server { listen 192.0.2.92:80; root $LAB_DIR/web/b; }
		server { listen 192.0.2.93:80; root $LAB_DIR/web/c; }"
	printf 'daemon off; user nobody nogroup; worker_processes 1; pid %s/nginx.pid; error_log stderr;\nevents { }\nhttp { access_log %s; %s }\n' \
		"$LAB_DIR" "$LAB_DIR/web/access.log" "$servers" >"$LAB_DIR/nginx.conf"
	lab_spawn nginx web /usr/sbin/nginx -c "$LAB_DIR/nginx.conf" -e stderr
	wait_until 10 "nginx to listen" lab_in web curl -s -o /dev/null http://192.0.2.93/
}

cdni_begin() { # [NAME]
	local cdn
	lab_begin "$@"
	lab_authority
	for cdn in a b c; do
		cdni_cdn "$cdn"
		cdni_config "$cdn"
	done
	lab_host fr 198.51.100.10/24
	lab_route fr 192.0.2.0/24
	lab_host us 203.0.113.10/24
	lab_route us 192.0.2.0/24
	lab_host web 192.0.2.91/24 192.0.2.92/24 192.0.2.93/24
	lab_route web 198.51.100.0/24 203.0.113.0/24
	cdni_web
}

# --- the CDNs --------------------------------------------------------------------------------------------------------

cdni_config() { # a|b|c [SED-SCRIPT]: its configuration for this run, changed by the script
	sed -E -e "s|\"/run/turnout/cdni-$1\\.|\"$LAB_DIR/$1.|" -e "s|prefix = \"cdni-$1\"|prefix = \"$LAB-$1\"|" -e "${2:-}" \
		"$TOP/configs/cdni-$1.conf" >"$LAB_DIR/$1.conf"
}

cdni_of() { # a|b|c VERB...: turnoutctl towards it
	"$BUILD/turnoutctl" -s "$LAB_DIR/$1.sock" "${@:2}"
}

cdni_ended_or_answers() { # a|b|c
	! kill -0 "${LAB_PID[$1]}" || cdni_of "$1" status
}

cdni_start() { # a|b|c
	lab_spawn "$1" "cdn-$1" "$BUILD/turnoutd" -c "$LAB_DIR/$1.conf"
	at_end rm -rf "/run/dpdk/$LAB-$1"
	wait_until 30 "CDN $1 to start" cdni_ended_or_answers "$1"
	cdni_of "$1" status >/dev/null 2>&1 || die "CDN $1 ended at once" "$LAB_DIR/$1.log"
}

cdni_is() { # a|b|c PEER STATE
	cdni_of "$1" show peer "$2" | grep -qE "^state +$3\$"
}

cdni_start_all() { # the lowest one first, so that nobody has to wait for the next attempt
	local cdn
	for cdn in c b a; do
		cdni_start "$cdn"
	done
	wait_until 30 "CDN B to learn from CDN C" cdni_is b cdn-c established
	wait_until 30 "CDN A to learn from CDN B" cdni_is a cdn-b established
}

# The strategies of the hops A to B and B to C. CDN C names its delivery nodes where recursion is full.
cdni_strategies() { # A-B B-C
	local disclose=request-routers
	[[ $2 != full-recursive ]] || disclose=nodes
	cdni_config a "s/strategy = \"iterative\"/strategy = \"$1\"/"
	cdni_config b "s/strategy = \"iterative\"/strategy = \"$2\"/"
	cdni_config c "s/disclose = \"request-routers\"/disclose = \"$disclose\"/"
}

cdni_reload_all() {
	local cdn
	for cdn in c b a; do
		cdni_of "$cdn" reload >/dev/null
	done
}

# --- users ---------------------------------------------------------------------------------------------------------------

# The hosts that a user may be sent to, for curl.
CDNI_RESOLVE=(--resolve www.csp.example:80:192.0.2.1 --resolve rr.b.example:80:192.0.2.2 --resolve rr.c.example:80:192.0.2.3
	--resolve edge.a.example:80:192.0.2.91 --resolve edge.b.example:80:192.0.2.92 --resolve edge.c.example:80:192.0.2.93)

cdni_dig() { # HOST ROUTER-ADDRESS NAME: the answers, one a line
	lab_in "$1" dig "@$2" "$3" A +tries=2 +time=2 +short
}

cdni_get() { # HOST URL: status and Location
	lab_in "$1" curl -s -o /dev/null --max-time 5 "${CDNI_RESOLVE[@]}" -w '%{http_code} %header{location}\n' "$2"
}

cdni_follow() { # HOST URL: the file, through all redirects
	lab_in "$1" curl -s -L --fail --max-time 5 "${CDNI_RESOLVE[@]}" "$2"
}
