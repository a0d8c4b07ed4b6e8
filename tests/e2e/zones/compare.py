#!/usr/bin/env python3
# compare - asks Turnout, Knot DNS and NSD the same questions about the same zones, and judges the differences.
# SPDX-License-Identifier: BSD-3-Clause
#
#   compare.py TURNOUT KNOT NSD ZONE-FILE...      each server as ADDRESS:PORT, files named after their zones
#
# Prints how many questions there were and, for each accepted class of difference, how many; then what nothing explains. Ends with 1 if there
# is any of that.
import collections, random, selectors, socket, struct, sys, time
import dns.flags, dns.message, dns.name, dns.rdatatype, dns.rdataclass, dns.zone

TYPES = ["A", "AAAA", "NS", "SOA", "CNAME", "DNAME", "TXT", "MX", "SRV", "CAA", "HTTPS", "SVCB", "DS", "DNSKEY", "NSEC", "PTR",
         "ANY", "TYPE65280", "TYPE65400", "TYPE62347", "TYPE65535"]
FEW_TYPES = ["A", "NS", "DS", "TXT", "CNAME", "ANY"]  # for names that are only near those of the zones
SHOWN = 3
SEED = 20240101
AA, TC, RD, AD, CD, DO = 0x400, 0x200, 0x100, 0x20, 0x10, 0x8000


def names(zones):
    """Every name of the zones, those above and below and beside it, and some in no zone."""
    found = set()
    for zone in zones:
        for owner in zone.nodes:
            name = owner.derelativize(zone.origin)
            while name != zone.origin.parent():
                found.add(name)
                for more in (b"zz", b"*", b"a", b"host", b"zz.b", b"a\x00b"):
                    try:
                        found.add(dns.name.Name(tuple(more.split(b".")) + name.labels))
                    except dns.name.NameTooLong:
                        pass
                if name == dns.name.root:
                    break
                name = name.parent()
    for text in ("example.", ".", "test.", "xdiff.test.", "diff.test.example."):
        found.add(dns.name.from_text(text))
    base = dns.name.from_text("dnlong.diff.test.")
    for lengths in ((63, 63, 63, 20), (63,), (30,), (44,), (45,), (43,)):  # as long as names get, and as those may get that a DNAME makes
        found.add(dns.name.Name(tuple(b"l" * n for n in lengths) + base.labels))
    return sorted(found)


def mixed_case(name, rng):
    return dns.name.Name(tuple(bytes(c ^ 0x20 if chr(c).isalpha() and rng.random() < 0.5 else c for c in label)
                               for label in name.labels))


def queries(zones):
    """All names with all types once, then again with flags, sizes and letters by chance."""
    rng = random.Random(SEED)
    all_names = names(zones)
    known = {owner.derelativize(zone.origin) for zone in zones for owner in zone.nodes}
    for name in all_names:
        for kind in TYPES if name in known else FEW_TYPES:
            yield name, dns.rdatatype.from_text(kind), 0, 1232, False
    for name in all_names:
        for _ in range(4):
            flags = rng.choice((0, RD, AD, CD, RD | AD, RD | CD | AD))
            size = rng.choice((0, 0, 512, 700, 1232, 4096))
            yield (mixed_case(name, rng), dns.rdatatype.from_text(rng.choice(TYPES)), flags, size,
                   bool(size) and rng.random() < 0.3)


def wire(number, query):
    name, kind, flags, size, do = query
    out = struct.pack("!6H", number, flags, 1, 0, 0, 1 if size else 0) + name.to_wire() + struct.pack("!2H", kind, 1)
    if size:
        out += b"\0" + struct.pack("!HHIH", 41, size, DO if do else 0, 0)
    return out


def ask(servers, batch):
    """Up to 65536 questions to all servers, some at a time; asked again after a while, so that a lost packet is no difference."""
    answers = [dict() for _ in servers]
    selector = selectors.DefaultSelector()
    sockets = []
    for i, server in enumerate(servers):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.connect(server)
        selector.register(s, selectors.EVENT_READ, i)
        sockets.append(s)
    for turn in range(5):
        missing = [n for n in range(len(batch)) if any(n not in a for a in answers)]
        for at in range(0, len(missing), 64):
            window = missing[at:at + 64]
            for n in window:
                for i, s in enumerate(sockets):
                    if n not in answers[i]:
                        s.send(batch[n])
            until = time.monotonic() + 0.2 * (turn + 1)
            while any(n not in a for a in answers for n in window) and time.monotonic() < until:
                for key, _ in selector.select(0.05):
                    data = key.fileobj.recv(65535)
                    answers[key.data].setdefault(struct.unpack("!H", data[:2])[0], data)
        if not missing:
            break
    return answers


Answer = collections.namedtuple("Answer", "rcode flags question answer authority additional edns size")


def section(rrsets):
    return frozenset((str(r.name).lower(), r.rdtype, r.ttl, rd.to_text().lower() if r.rdtype in (2, 5, 6, 12, 15, 39) else rd.to_text())
                     for r in rrsets for rd in r)


def read(data, query):
    m = dns.message.from_wire(data)
    question = data[12:12 + len(query[0].to_wire()) + 4]  # letters as they came back
    return Answer(m.rcode(), m.flags & (AA | TC | RD | CD | 0x80), question, section(m.answer), section(m.authority), section(m.additional),
                  m.edns, len(data))


def kinds(records):
    return {r[1] for r in records}


def owners(records):
    return {r[0] for r in records}


# --- Differences that are accepted: (name, why, test of query, Turnout's answer, the other's and who that is) --------

ZONES = ("diff.test.", "other.test.")
ACCEPTED = []


def accept(name, why):
    def take(test):
        ACCEPTED.append((name, why, test))
        return test
    return take


def same_but(ours, theirs, *fields):
    """Apart from some fields and the size."""
    nothing = dict.fromkeys(fields + ("size",), 0)
    return ours._replace(**nothing) == theirs._replace(**nothing)


def aliases(records):
    """The chain of CNAMEs, as owner to target."""
    return {n: data.lower() for n, kind, _, data in records if kind == dns.rdatatype.CNAME}


def zone_of(name):
    return next((zone for zone in ZONES if ("." + name).endswith("." + zone)), None)


@accept("any", "ANY is answered with one RRset, and each chooses another one (RFC 8482 section 4.1)")
def _(query, ours, theirs, who):
    return (query[1] == dns.rdatatype.ANY and same_but(ours, theirs, "answer", "additional") and
            bool(theirs.answer) and owners(ours.answer) == owners(theirs.answer))


@accept("additional", "addresses of hosts that MX, SRV and NS records in an answer name are optional (RFC 1034 section 4.3.2)")
def _(query, ours, theirs, who):
    return same_but(ours, theirs, "additional") and kinds(ours.additional) <= {1, 28} and bool(ours.answer)


@accept("nsec", "Knot DNS answers NSEC as if each name had one, even beside a CNAME; the zones are not signed (RFC 1034 section 3.6.2)")
def _(query, ours, theirs, who):
    return query[1] == dns.rdatatype.NSEC and who == "Knot DNS" and not theirs.answer and bool(aliases(ours.answer))


@accept("across", "a chain that leads from one zone into the other is followed by Turnout alone (RFC 1034 section 4.3.2 step 3a)")
def _(query, ours, theirs, who):
    left = any(zone_of(n) != zone_of(to) and zone_of(to) for n, to in aliases(theirs.answer).items())
    return left and theirs.answer <= ours.answer and theirs.rcode == 0 and not theirs.authority


@accept("yxdomain", "behind the DNAME that makes too long a name nothing more is told (RFC 6672 section 2.2)")
def _(query, ours, theirs, who):
    return ours.rcode == theirs.rcode == 6 and ours.answer <= theirs.answer and not ours.authority


@accept("truncated", "what does not fit: Turnout sets TC and sends no records, NSD those that fit; Knot DNS leaves the SOA out (RFC 2181 section 9)")
def _(query, ours, theirs, who):
    room = min(max(query[3], 512), 1232)
    return bool(ours.flags & TC) and not ours.answer and bool(theirs.flags & TC or room - theirs.size < 150)


def judge(query, ours, theirs, who):
    """The name of the class of the difference; "" when there is none; None when nothing explains it."""
    if ours._replace(size=0) == theirs._replace(size=0):
        return ""
    for name, _, test in ACCEPTED:
        if test(query, ours, theirs, who):
            return name
    return None


def show(a):
    sections = (("answer", a.answer), ("authority", a.authority), ("additional", a.additional))
    return "rcode %d flags %03x %d octets%s" % (a.rcode, a.flags, a.size, "".join(
        "\n      %s: %s" % (what, "; ".join("%s %d %s %s" % (n, t, dns.rdatatype.to_text(k), d[:60]) for n, k, t, d in sorted(s)))
        for what, s in sections if s))


def main():
    servers = [(a.rsplit(":", 1)[0], int(a.rsplit(":", 1)[1])) for a in sys.argv[1:4]]
    zones = [dns.zone.from_file(path, relativize=False, check_origin=False, origin=path.removesuffix(".zone") + ".", allow_include=True)
             for path in sys.argv[4:]]
    asked = list(queries(zones))
    counts, unexplained, compared = collections.Counter(), collections.OrderedDict(), 0
    for at in range(0, len(asked), 60000):
        part = asked[at:at + 60000]
        answers = ask(servers, [wire(n, q) for n, q in enumerate(part)])
        for n, query in enumerate(part):
            lost = [who for who, a in zip(("Turnout", "Knot DNS", "NSD"), answers) if n not in a]
            if lost:
                unexplained.setdefault("no answer of %s" % lost, []).append((query, None, None, ""))
                continue
            ours = read(answers[0][n], query)
            if ours.question != wire(n, query)[12:12 + len(ours.question)]:
                unexplained.setdefault("question changed", []).append((query, ours, ours, "Turnout"))
            for i, who in ((1, "Knot DNS"), (2, "NSD")):
                compared += 1
                theirs = read(answers[i][n], query)
                verdict = judge(query, ours, theirs, who)
                if verdict is None:
                    what = "%s %s" % (who, "rcode" if ours.rcode != theirs.rcode else "flags" if ours.flags != theirs.flags else
                                      "answer" if ours.answer != theirs.answer else "authority" if ours.authority != theirs.authority
                                      else "additional" if ours.additional != theirs.additional else "other")
                    unexplained.setdefault(what, []).append((query, ours, theirs, who))
                elif verdict:
                    counts[who, verdict] += 1
    print("%d questions, %d comparisons" % (len(asked), compared))
    for (who, name), n in sorted(counts.items()):
        print("accepted %6d %-9s %s: %s" % (n, who, name, next(why for known, why, _ in ACCEPTED if known == name)))
    for what, cases in unexplained.items():
        print("unexplained %6d %s" % (len(cases), what))
        for query, ours, theirs, who in cases[:SHOWN]:
            print("  %s %s flags %03x size %d" % (query[0], dns.rdatatype.to_text(query[1]), query[2], query[3]))
            if ours:
                print("    Turnout: %s\n    %s: %s" % (show(ours), who, show(theirs)))
    sys.exit(1 if unexplained else 0)


main()
