# shellcheck shell=bash
# cdns.sh - several CDNs that talk to each other over TLS, each in a namespace of its own, for the tests that need more than one.
# SPDX-License-Identifier: BSD-3-Clause

# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"

declare -A SELF=([a]=10.9.0.1 [b]=10.9.0.2 [c]=10.9.0.3 [e]=10.9.0.5)
declare -A ID=([a]=AS64500:1 [b]=AS64501:1 [c]=AS64502:1 [e]=AS64505:1)

# --- certificates and configurations -----------------------------------------------------------------------------------

peer() { # NAME ROLES MEMBERS: in the list of peers
	cat <<-END
		{ name = "cdn-$1"; roles = [ $2 ]; identity = "cdn-$1.example"; provider-id = "${ID[$1]}"; $3 },
	END
}

configuration() { # NAME VDEV: the rest, its peers and tables, comes from standard input
	cat <<-END
		eal = { hugepages = false; memory = 192; prefix = "$LAB-$1"; };
		workers = { count = 1; idle = "sleep"; };
		ports = ( { name = "p0"; vdev = "$2"; addresses = [ "$R4" ]; mbufs = 4096; } );
		control = { socket = "$LAB_DIR/$1.sock"; };
		state = { file = "$LAB_DIR/$1.db"; };
		interconnection = { provider-id = "${ID[$1]}"; listen = [ "${SELF[$1]}:8443" ]; certificate = "$1.crt"; key = "$1.key";
		  authorities = "ca.crt"; };
	END
	cat
}

# --- their network -----------------------------------------------------------------------------------------------------

cdns() { # NAME...: the CDNs with their links and certificates
	local name
	lab_authority
	for name in "$@"; do
		lab_namespace "cdn-$name"
		lab_link "cdn-$name" eth0
		lab_in "cdn-$name" ip address add "${SELF[$name]}/24" dev eth0
		lab_in "cdn-$name" ip link set eth0 up
		lab_certificate "$name" "cdn-$name.example"
	done
}

packet_path() { # NAME: it has a link for its packet path, v0, beside the one to its peers
	lab_link "cdn-$1" v0 packets
	no_ipv6 "cdn-$1" v0
	lab_in "cdn-$1" ip link set v0 up
}

# --- the CDNs ----------------------------------------------------------------------------------------------------------

of() { # NAME VERB...: turnoutctl towards one of them
	"$BUILD/turnoutctl" -s "$LAB_DIR/$1.sock" "${@:2}"
}

ended_or_answers() { # NAME
	! kill -0 "${LAB_PID[$1]}" || of "$1" status
}

start() { # NAME
	lab_spawn "$1" "cdn-$1" "$BUILD/turnoutd" -c "$LAB_DIR/$1.conf"
	at_end rm -rf "/run/dpdk/$LAB-$1"
	wait_until 30 "CDN $1 to start" ended_or_answers "$1"
	of "$1" status >/dev/null 2>&1 || die "CDN $1 ended at once" "$LAB_DIR/$1.log"
}

restart() { # NAME
	lab_stop "$1"
	start "$1"
}

a_record() { # NAME
	lab_in fr dig "@$R4" +tries=1 +time=1 +short "$1" A | tr '\n' ' '
}

answers() { # NAME ANSWER: as soon as it does; gives the milliseconds
	local began end
	began=$(date +%s%3N)
	end=$((began + ${3:-10000}))
	until [[ $(a_record "$1") == "$2 " ]]; do
		(($(date +%s%3N) < end)) || return 1
	done
	echo $(($(date +%s%3N) - began))
}

answered() { # NAME HOST ANSWER [MILLISECONDS]
	check "$1" answers "$2" "$3" "${4:-10000}"
}

reload() { # NAME
	of "$1" reload >/dev/null
}
