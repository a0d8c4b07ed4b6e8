#!/usr/bin/env python3
# llhttp - makes requests, good ones and mutated ones, and compares what two parsers said of them.
# SPDX-License-Identifier: BSD-3-Clause
#
#   llhttp.py make SEED N FILE
#   llhttp.py compare FILE OURS THEIRS     prints each class of disagreement with its number and our decision; 1: one has none
import collections
import random
import re
import struct
import sys

METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "FLY", "GET\0"]
TARGETS = ["/", "/a/b.ts?x=1&y", "//", "/%41%2f", "http://o.example/x", "http://o.example:80", "https://o.example/?q", "*", "o.example:443",
           "/a|b\"", "/a#f", "/%zz", "ftp://o/", "http://u@o/", "a", "", "/\xe4", "/a b"]
VERSIONS = ["HTTP/1.1"] * 8 + ["HTTP/1.0"] * 3 + ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.10", "HTTP/1,1"]
HOSTS = ["Host: h.example"] * 12 + ["host:h.example:8080 ", "Host: [2001:db8::1]", "Host:", "Host: a b", "Host: h:x", "Host: h\r\nHost: h", "X: no-host"]
FIELDS = ["Accept: */*", "User-Agent: Mozilla/5.0 (X11; rv:1)", "X-Empty:", "X:\ttab\tin ", "Connection: close", "Connection: keep-alive",
          "connection: Keep-Alive, TE", "Connection: TE, close", "Content-Length: 0", "Content-Length: 5", "Content-Length: 05", "Content-Length: +5",
          "Content-Length: 5, 5", "Content-Length: 18446744073709551616", "Content-Length: 1 2", "Content-Length:",
          "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: identity",
          "transfer-encoding: Chunked", "Transfer-Encoding: chunked;a=b", "Transfer-Encoding:", "Expect: 100-continue", "Expect: y",
          "X: folded\r\n value", "X : space", " X: leading", "X(: y", ": none", "no colon", "X: a\0b", "X: a\x7fb", "X: a\rb", "X: \xe4\xf6", "Upgrade: h2c", "Cookie: a=b; c=d",
          "Y-" + "n" * 300 + ": z", "Z: " + "v" * 500]
PIECES = [b"\r", b"\n", b"\r\n", b" ", b"\t", b":", b"\0", b"\x7f", b"\xff", b",", b";", b"\r\n ", b"\r\n\r\n", b"GET ", b"HTTP/1.1", b"Host: x\r\n", b"0", b"%", b"#"]


def rarely(draw, good, others):
    return draw.choice(others) if draw.random() < 0.2 else good


def make_one(draw):
    text = draw.choice(["", "", "", "", "", "", "\r\n", "\r\n\r\n", "\n"]) if draw.random() < 0.3 else ""
    text += rarely(draw, "GET", METHODS) + " " + rarely(draw, "/a/b?c", TARGETS) + " " + rarely(draw, "HTTP/1.1", VERSIONS) + "\r\n"
    fields = [rarely(draw, HOSTS[0], HOSTS)] + [draw.choice(FIELDS[:7] if draw.random() < 0.6 else FIELDS) for _ in range(draw.randrange(4))]
    draw.shuffle(fields)
    octets = (text + "\r\n".join(fields) + "\r\n\r\n").encode("latin-1")
    if draw.random() < 0.5:
        for _ in range(draw.randint(1, 2)):
            at = draw.randrange(len(octets) + 1)
            octets = draw.choice([
                lambda: octets[:at] + draw.choice(PIECES) + octets[at:],
                lambda: octets[:at] + octets[at + draw.randint(1, 3):],
                lambda: octets[:at] + bytes([draw.randrange(256)]) + octets[at + 1:],
                lambda: octets[:at]])()
    return octets + draw.choice([b"", b"", b"GET /next HTTP/1.1\r\n", b"hello"])


# --- Why the two differ ---------------------------------------------------------------------------------------------------

def head_of(octets):
    return octets.lstrip(b"\r\n").split(b"\r\n\r\n")[0]


def fields_of(octets):
    """Field lines as (name in lower case, value)."""
    lines = head_of(octets).split(b"\r\n")[1:]
    return [(name.lower(), value.strip(b" \t")) for name, colon, value in (line.partition(b":") for line in lines) if colon]


def values(octets, name):
    return [value for n, value in fields_of(octets) if n == name]


def line_of(octets):
    return octets.lstrip(b"\r\n").split(b"\r\n")[0]


def target_of(octets):
    return line_of(octets).split(b" ")[1] if line_of(octets).count(b" ") >= 2 else b""


def is_host(text):
    host = re.fullmatch(rb"([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\])(:(\d{0,5}))?", text)
    return host and int(host.group(4) or 0) < 1 << 16


def bad_target(octets):
    target = target_of(octets)
    absolute = re.fullmatch(rb"(?i:https?)://([^/?]*)([/?].*)?", target)
    path = (absolute.group(2) or b"/") if absolute else target
    return b"#" in target or not (absolute or target.startswith(b"/")) or (absolute and not is_host(absolute.group(1))) or \
        re.search(rb"%(?![0-9A-Fa-f]{2})|\\|%00", path.split(b"?")[0]) or any(not 0x20 < c < 0x7f for c in target)


def bad_host(octets):
    hosts = values(octets, b"host")
    minor0 = b"HTTP/1.0" in line_of(octets)
    return len(hosts) > 1 or (not hosts and not minor0) or any(not is_host(host) for host in hosts)


def members(octets, name):
    return [m.strip().lower() for value in values(octets, name) for m in value.split(b",") if m.strip()]


def codings(octets):
    return members(octets, b"transfer-encoding")


def options(octets):
    return members(octets, b"connection")


def ok(said):
    return said.startswith("ok ")


def kept(ours, theirs):
    """Is the connection kept? Of both, when they agree about all else."""
    u, t = ours.split(" "), theirs.split(" ")
    return u[3] + t[3] if ok(ours) and ok(theirs) and same(ours, " ".join(t[:3] + u[3:4] + t[4:])) else ""


# Name, what has to hold of (octets, ours, theirs), and the decision. The first one that holds counts.
CLASSES = [
    ("method by policy", lambda o, u, t: u == "http_method",
     "405: TRACE, CONNECT and OPTIONS * are well formed, and have nowhere to go (RFC 9110 9.3); the rest of the head is not read"),
    ("method unknown to us", lambda o, u, t: u == "http_unknown_method",
     "501: a token that is no method of RFC 9110 9.3; llhttp has a list of its own; the rest of the head is not read"),
    ("major version", lambda o, u, t: u == "http_version", "505 for versions other than 1.x, of which the rest is not read (RFC 9110 15.6.6)"),
    ("minor version", lambda o, u, t: t.startswith("HPE_INVALID_VERSION") and re.search(rb" HTTP/1\.[2-9](\r|$)", line_of(o)),
     "taken as HTTP/1.1 (RFC 9110 2.5); llhttp knows 1.0 and 1.1"),
    ("transfer coding", lambda o, u, t: u == "http_coding", "501 for a coding that is not understood (RFC 9112 6.1); llhttp leaves it to its user"),
    ("expectation", lambda o, u, t: u == "http_expectation", "417 (RFC 9110 10.1.1); llhttp leaves it to its user"),
    ("request line that is not whole", lambda o, u, t: u == "http_head_split" and t.startswith("HPE_") and b"\r\n" not in o.lstrip(b"\r\n"),
     "waits for its end, which decides between 400, 405, 501 and 505; llhttp fails at the first octet that it does not know"),
    ("field that is not whole", lambda o, u, t: u == "http_head_split" and
     re.match("HPE_(INVALID_CONTENT_LENGTH|UNEXPECTED_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING) ", t),
     "waits for the end of the line, or of the head, to judge the framing"),
    ("tab behind Content-Length", lambda o, u, t: ok(u) and t.startswith("HPE_INVALID_CONTENT_LENGTH") and
     re.search(rb"(?i)\r\ncontent-length:\t*[ \t]*\d+[ \t]*\t[ \t]*\r\n", o), "taken: white space around a value is SP and HTAB (RFC 9110 5.6.3)"),
    ("empty member of Transfer-Encoding", lambda o, u, t: ok(u) and t.startswith("HPE_INVALID_TRANSFER_ENCODING") and
     any(b"" in [m.strip() for m in v.split(b",")] for v in values(o, b"transfer-encoding")), "ignored (RFC 9110 5.6.1.2)"),
    ("target of a head that is not whole", lambda o, u, t: u == "http_head_split" and t.startswith("HPE_INVALID_URL") and bad_target(o),
     "the authority is judged at the end of the head, with Host"),
    ("several spaces before the version", lambda o, u, t: u == "http_bad_request" and re.match(rb"\S+ \S+  +HTTP/", line_of(o)),
     "400: a single space (RFC 9112 3)"),
    ("empty lines before the request", lambda o, u, t: u == "http_bad_request" and re.match(rb"\r\n[\r\n]|\n|\r[^\n]", o),
     "400: one CRLF is let pass (RFC 9112 2.2 asks for at least one); llhttp skips any CR and LF"),
    ("target", lambda o, u, t: u == "http_bad_request" and bad_target(o),
     "400: fragment, other scheme, user information, bad host or percent-encoding, octets outside ASCII (RFC 9112 3.2, RFC 9110 4.2.4, RFC 3986 2.1)"),
    ("obs-fold", lambda o, u, t: u == "http_bad_request" and re.search(rb"\r\n[ \t]", head_of(o)), "400 (RFC 9112 5.2 leaves the choice); llhttp unfolds"),
    ("Content-Length", lambda o, u, t: u == "http_bad_request" and
     (len(values(o, b"content-length")) > 1 or any(not re.fullmatch(rb"\d+", v) or int(v) >= 1 << 64 for v in values(o, b"content-length"))),
     "400: one decimal number of 64 bits (RFC 9110 8.6, RFC 9112 6.3)"),
    ("Transfer-Encoding", lambda o, u, t: u == "http_bad_request" and values(o, b"transfer-encoding") and
     (b"HTTP/1.0" in line_of(o) or values(o, b"content-length") or codings(o)[-1:] != [b"chunked"] or codings(o).count(b"chunked") > 1 or
      any(c.startswith(b"chunked;") or b'"' in c for c in codings(o))),
     "400: in HTTP/1.0, beside Content-Length, or not ending with one chunked (RFC 9112 6.1, 6.3)"),
    ("Host", lambda o, u, t: u == "http_bad_request" and bad_host(o), "400: missing, twice, or no host[:port] (RFC 9112 3.2); llhttp does not look"),
    ("body that is not read", lambda o, u, t: kept(u, t) == "01" and (values(o, b"transfer-encoding") or values(o, b"content-length")),
     "the connection closes behind the answer, as the body is not read"),
    ("close among other options", lambda o, u, t: kept(u, t) == "01" and b"close" in options(o),
     "close (RFC 9112 9.3 asks for it first); llhttp goes by the last option, and does not see one with a tab behind it"),
]


def same(ours, theirs):
    if ok(ours) and ok(theirs):
        u, t = ours.split(" "), theirs.split(" ")
        t[2] = t[2].split(".")[1]
        return u[:6] + [f.lower() for f in u[6:]] == t[:6] + [f.lower() for f in t[6:]]
    if ours == "http_head_split":
        return theirs == "incomplete"
    return ours == "http_bad_request" and theirs.startswith("HPE_")


def read(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        n = struct.unpack_from(">I", data, at)[0]
        yield data[at + 4:at + 4 + n]
        at += 4 + n


def compare(path, ours_path, theirs_path):
    ours, theirs = (open(p).read().splitlines() for p in (ours_path, theirs_path))
    requests = list(read(path))
    assert len(requests) == len(ours) == len(theirs), (len(requests), len(ours), len(theirs))
    counts, agreed, unexplained = collections.Counter(), collections.Counter(), []
    for octets, u, t in zip(requests, ours, theirs):
        if same(u, t):
            agreed["taken" if ok(u) else "incomplete" if t == "incomplete" else "refused"] += 1
            continue
        name = next((c[0] for c in CLASSES if c[1](octets, u, t)), None)
        counts[name] += 1
        if not name:
            unexplained.append((octets, u, t))
    print(f"{len(requests)} requests; agreed: " + ", ".join(f"{n} {k}" for k, n in sorted(agreed.items())))
    for name, _, decision in CLASSES:
        print(f"{counts[name]:7} {name}: {decision}")
    for octets, u, t in unexplained[:20]:
        print(f"unexplained: {octets!r}\n    ours:   {u}\n    theirs: {t}")
    print(f"{len(unexplained)} unexplained")
    return 1 if unexplained or min(agreed[k] for k in ("taken", "refused", "incomplete")) < 500 else 0


if sys.argv[1] == "make":
    draw = random.Random(int(sys.argv[2]))
    with open(sys.argv[4], "wb") as out:
        for _ in range(int(sys.argv[3])):
            one = make_one(draw)
            out.write(struct.pack(">I", len(one)) + one)
else:
    sys.exit(compare(*sys.argv[2:5]))
