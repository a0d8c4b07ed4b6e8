#!/usr/bin/env bash
# zones - the same zone files in Turnout, Knot DNS and NSD, and the same questions to them; zone files that change, are wrong, are mended.
# SPDX-License-Identifier: BSD-3-Clause
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=case.sh
source "$(dirname "${BASH_SOURCE[0]}")/case.sh"
ZONES=$E2E/zones

lab_begin
lab_router
lab_host fr 198.51.100.10/24 2001:db8:f::10/64
lab_route fr 192.0.2.0/24
lab_config "$ZONES/zones.conf"
cp "$ZONES"/*.zone "$ZONES"/*.inc "$LAB_DIR"
keep_state "$LAB_DIR/zones.conf"
turnoutd_start "$LAB_DIR/zones.conf"

# --- differences -----------------------------------------------------------------------------------------------------

mkdir -p "$LAB_DIR/knot" "$LAB_DIR/nsd"
cat >"$LAB_DIR/knot.conf" <<END
server:
    rundir: $LAB_DIR/knot
    listen: 127.0.0.1@5301
    udp-max-payload: 1232
database:
    storage: $LAB_DIR/knot
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: $LAB_DIR
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: diff.test
    file: diff.test.zone
  - domain: other.test
    file: other.test.zone
END
cat >"$LAB_DIR/nsd.conf" <<END
server:
    ip-address: 127.0.0.1@5302
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "$LAB_DIR"
    database: ""
    pidfile: "$LAB_DIR/nsd/nsd.pid"
    xfrdfile: "$LAB_DIR/nsd/xfrd.state"
    xfrdir: "$LAB_DIR/nsd"
    zonelistfile: "$LAB_DIR/nsd/zone.list"
    ipv4-edns-size: 1232
    minimal-responses: yes
    refuse-any: no
    hide-version: yes
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: diff.test
    zonefile: diff.test.zone
zone:
    name: other.test
    zonefile: other.test.zone
END
lab_spawn knotd fr knotd -c "$LAB_DIR/knot.conf"
lab_spawn nsd fr nsd -d -c "$LAB_DIR/nsd.conf"
serves() { # PORT
	lab_in fr dig @127.0.0.1 -p "$1" +time=1 +tries=1 other.test SOA | grep -q 'status: NOERROR'
}
wait_until 20 "Knot DNS to answer" serves 5301
wait_until 20 "NSD to answer" serves 5302

compared=0
cd "$LAB_DIR" # where its reader looks for what a file includes
lab_in fr /usr/bin/python3 "$ZONES/compare.py" "$R4:53" 127.0.0.1:5301 127.0.0.1:5302 \
	diff.test.zone other.test.zone >"$LAB_DIR/compared" 2>&1 || compared=$?
cd "$TOP"
sed 's/^/# /' "$LAB_DIR/compared"
if ((compared)); then
	not_ok "Turnout answers as Knot DNS and NSD do" "differences that nothing explains, above"
else
	ok "Turnout answers as Knot DNS and NSD do"
fi
lab_stop knotd
lab_stop nsd

# --- files that change, are wrong, are mended ------------------------------------------------------------------------

asked() { # NAME TYPE
	lab_in fr dig "@$R4" +time=2 +tries=2 +short "$@"
}
edit() { # EXPRESSION: of the file of other.test
	sed -i -E "$1" "$LAB_DIR/other.test.zone"
}
expect "a reload without a change changes nothing" 'generation 1,' sh -c "$BUILD/turnoutctl -s $LAB_DIR/turnout.sock reload; grep reloaded $LAB_DIR/turnoutd.log"
edit 's/192\.0\.2\.80/192.0.2.81/; s/ 7 3600/ 8 3600/'
check "another content is read at a reload" ctl reload
expect "its records are answered" '^192\.0\.2\.81$' asked www.other.test A
expect "show zones tells its serial" '^other\.test +8 ' ctl show zones
edit 's/192\.0\.2\.81/192.0.2.300/'
sed -i 's/192\.0\.2\.30$/192.0.2.33/' "$LAB_DIR/diff.test.zone"
expect "a fault is told with file and line" '"line": 7,' ctl --json reload
expect "and is logged" 'other\.test\.zone:7: ' cat "$LAB_DIR/turnoutd.log"
expect "the zone stays as it was" '^192\.0\.2\.81$' asked www.other.test A
expect "the other zones change" '^192\.0\.2\.33$' asked www.diff.test A
expect "turnoutd -t refuses it" 'other\.test\.zone:7: ' lab_in router "$BUILD/turnoutd" -t -c "$LAB_DIR/zones.conf"
lab_stop turnoutd
turnoutd_start "$LAB_DIR/zones.conf"
expect "at a start it is left out" 'status: REFUSED' lab_in fr dig "@$R4" www.other.test A
expect "and the others are served" '^192\.0\.2\.33$' asked www.diff.test A
edit 's/192\.0\.2\.300/192.0.2.82/'
check "it is mended" ctl reload
expect "and is served" '^192\.0\.2\.82$' asked www.other.test A
expect "put over the control socket with a fault: refused with file and line" 'other\.test\.zone:7: ' \
	sh -c "sed -i 's/192\.0\.2\.82/192.0.2.x/' $LAB_DIR/other.test.zone; $BUILD/turnoutctl -s $LAB_DIR/turnout.sock add zone '{\"name\": \"other.test\", \"file\": \"$LAB_DIR/other.test.zone\"}'"
expect "explain tells the chain" '^chain +c1\.diff\.test, c2\.diff\.test, c3\.diff\.test, www\.diff\.test' ctl explain dns c1.diff.test A from 198.51.100.1

# --- scopes over records, and iterative redirection -------------------------------------------------------------------

cat >"$LAB_DIR/more.jsonl" <<'END'
{"cdn": {"name": "b"}}
{"node": {"name": "edge"}}
{"dri": {"cdn": "b", "redirecting-hosts": ["it.diff.test"], "dns-target": {"label": "b", "servers": [{"name": "ns.b.it.diff.test", "addresses": ["192.0.2.99"]}]}}}
{"dri": {"node": "edge", "dns-target": {"addresses": ["192.0.2.90"]}}}
{"scope": {"name": "it", "hosts": ["it.diff.test"], "candidates": [{"cdn": "b"}]}}
{"scope": {"name": "www", "hosts": ["www.diff.test"], "candidates": [{"node": "edge"}]}}
END
check "objects are taken in live" ctl apply "$LAB_DIR/more.jsonl"
expect "a chain of records ends at a scope" '^www\.diff\.test\.\s+[0-9]+\s+IN\s+A\s+192\.0\.2\.90$' lab_in fr dig "@$R4" c1.diff.test A
expect "a type that the DRI does not have is the zone's" '^"www"$' asked www.diff.test TXT
expect "iterative DNS: a CNAME to the label of the CDN" '^it\.diff\.test\.\s+60\s+IN\s+CNAME\s+b\.it\.diff\.test\.$' \
	lab_in fr dig "@$R4" it.diff.test A
expect "and a delegation" '^b\.it\.diff\.test\.\s+60\s+IN\s+NS\s+ns\.b\.it\.diff\.test\.$' lab_in fr dig "@$R4" x.b.it.diff.test A +norec
expect "with the address of its server" '^ns\.b\.it\.diff\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.99$' lab_in fr dig "@$R4" b.it.diff.test A +norec
expect "explain says so" 'delegated to the servers of a DRI' ctl explain dns x.b.it.diff.test A from 198.51.100.1
lab_stop turnoutd
edit 's/192\.0\.2\.x/192.0.2.83/'
turnoutd_start "$LAB_DIR/zones.conf"
expect "after a restart it is still there" 'CNAME\s+b\.it\.diff\.test\.$' lab_in fr dig "@$R4" it.diff.test A
expect "and the mended zone, too" '^192\.0\.2\.83$' asked www.other.test A

exit "$FAILED"
