# shellcheck shell=bash
# cdni_show.sh - scripts/quickstart --cdni: three interconnected CDNs, and who told whom what for each way of redirection.
# SPDX-License-Identifier: BSD-3-Clause

FILM=http://www.csp.example/film

cdni_picture() {
	cat <<-'END'

		                 learns routes                 learns routes
		                 (ALTO, RFC 9241)              (ALTO, RFC 9241)
		            A <------------------- B      <-------------------- C
		      192.0.2.1  asks for targets  192.0.2.2  asks for targets  192.0.2.3
		            | -------------------> |      --------------------> |
		            |    (RI, RFC 7975)    |          (RI, RFC 7975)    |
		        edge.a.example         edge.b.example           edge.c.example
		        192.0.2.91             192.0.2.92               192.0.2.93 (nginx each)

		A user in 198.51.100.0/24 asks CDN A for www.csp.example. CDN A does not serve that network, B says that it does, and B has it
		from C. All talk between CDNs goes over TLS, both sides with certificates.
	END
}

cdni_step() { # NUMBER WHO SENTENCE
	printf '    %-4s %-9s %s\n' "$1" "$2" "$3"
}

# What B was asked by A, and C by B, since the last call.
cdni_told=(0 0)
cdni_questions() {
	local a b
	a=$(cdni_of a --json show peer cdn-b | sed -n 's/.*"sent": *\([0-9]*\).*/\1/p' | head -n 1)
	b=$(cdni_of b --json show peer cdn-c | sed -n 's/.*"sent": *\([0-9]*\).*/\1/p' | head -n 1)
	cdni_told=($((a - ${cdni_before[0]:-0})) $((b - ${cdni_before[1]:-0})))
	cdni_before=("$a" "$b")
}

cdni_way() { # each redirect of the film from A to its end
	local url=$FILM number=1 answer
	while :; do
		answer=$(cdni_get fr "$url")
		if [[ $answer != 302* ]]; then
			cdni_step "$number." 'user ->' "GET $url"
			cdni_step "$((number + 1))." 'user <-' "$(cdni_follow fr "$url")"
			return
		fi
		cdni_step "$number." 'user ->' "GET $url"
		[[ $number != 1 ]] || cdni_between
		cdni_step "$((number + 1))." 'user <-' "302 Location: ${answer#302 }"
		url=${answer#302 }
		number=$((number + 2))
	done
}

cdni_between() {
	cdni_questions
	((cdni_told[0] == 0)) || cdni_step '' 'A -> B' "POST /ri: what is the target for this request? cdn-path AS64500:1"
	((cdni_told[1] == 0)) || cdni_step '' 'B -> C' "POST /ri: what is the target for this request? cdn-path AS64500:1, AS64501:1"
	((cdni_told[1] == 0)) || cdni_step '' 'B <- C' "its target, and for which users it is the same"
	((cdni_told[0] == 0)) || cdni_step '' 'A <- B' "its target, and for which users it is the same"
}

cdni_mode() { # TITLE A-B B-C
	title "$1"
	cdni_strategies "$2" "$3"
	cdni_reload_all
	cdni_of a peer cdn-b reset >/dev/null
	cdni_of b peer cdn-c reset >/dev/null
	wait_until 30 "CDN B to learn from CDN C" cdni_is b cdn-c established
	wait_until 30 "CDN A to learn from CDN B" cdni_is a cdn-b established
	cdni_questions
	printf '  $ dig @192.0.2.1 www.csp.example A\n'
	cdni_dig fr 192.0.2.1 www.csp.example | indent
	cdni_questions
	printf '  $ curl -L %s\n' "$FILM"
	cdni_way
}

cdni_show() { # [NAME]
	cdni_begin "$@"
	cdni_start_all
	cdni_picture
	title "1. What CDN A has learnt from CDN B"
	printf '  $ turnoutctl show route peer cdn-b\n'
	cdni_of a show route peer cdn-b | indent
	cdni_mode "2. Iterative: each CDN sends the user to the request router of the next one (figure 3 of the draft)" iterative iterative
	cdni_mode "3. Full-recursive: A asks B, B asks C, and the user goes straight to a delivery node (figure 4)" full-recursive full-recursive
	cdni_mode "4. Semi-recursive: the same, but C tells its request router and keeps its nodes to itself (figure 5)" \
		semi-recursive semi-recursive
	cdni_mode "5. Mixed: A sends users to B, B asks C" iterative full-recursive
	cdni_mode "6. What A was told it keeps for all users that it is good for: the second user costs no question" \
		semi-recursive semi-recursive
	printf '  $ curl -i %s\n' "$FILM"
	cdni_get fr "$FILM" | indent
	cdni_questions
	printf '    (questions of A to B for it: %s)\n' "${cdni_told[0]}"
	printf '  $ turnoutctl explain http %s from 198.51.100.10\n' "$FILM"
	cdni_of a explain http "$FILM" from 198.51.100.10 | grep -E '^(outcome|scope|target|asked|dri|answer|location)' | indent
	title "7. CDN B goes away: A falls back to its own node"
	cdni_of a peer cdn-b down | indent
	printf '  $ curl -i %s\n' "$FILM"
	cdni_get fr "$FILM" | indent
}

cdni_go_on() {
	trap - EXIT INT TERM HUP
	cat <<-END

		They are still running. Ask them, for example:
		    sudo ip netns exec turnout-fr dig @192.0.2.1 www.csp.example
		    sudo ip netns exec turnout-fr curl -i --resolve www.csp.example:80:192.0.2.1 $FILM
		    sudo $BUILD/turnoutctl -s $LAB_DIR/a.sock show peers
		Change $LAB_DIR/a.conf and load it again:
		    sudo $BUILD/turnoutctl -s $LAB_DIR/a.sock reload
		End them with
		    sudo $0 --stop
	END
}
