# requests - runs streams of make_requests through turnoutd over net_pcap, and reads what it answers.
# SPDX-License-Identifier: BSD-3-Clause
import collections
import pathlib
import struct
import subprocess
import sys
import time

from common import BUILD, COOKIE_KEY, Failure, pick_cpus
from daemon import Daemon, write_conf

COUNT, HOSTS = 4000, 500
failed = False


def case(name, good, details=""):
    global failed
    failed = failed or not good
    print(f"ok {name}" if good else f"not ok {name}\n    {details}", flush=True)


# --- frames ------------------------------------------------------------------------------------------------------------


def frames(path):
    octets, at = path.read_bytes(), 24
    while at < len(octets):
        n = struct.unpack_from("<I", octets, at + 8)[0]
        yield octets[at + 16 : at + 16 + n]
        at += 16 + n


def folded(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Packet:
    """Raises unless its checksums are right."""

    def __init__(self, frame):
        self.ipv6 = frame[12:14] == b"\x86\xdd"
        if self.ipv6:
            length, self.protocol = struct.unpack_from("!HB", frame, 18)
            addresses, self.l4 = frame[22:54], frame[54 : 54 + length]
        else:
            length, self.protocol = struct.unpack_from("!H", frame, 16)[0], frame[23]
            addresses, self.l4 = frame[26:34], frame[34 : 14 + length]
            if folded(frame[14:34]) != 0xFFFF:
                raise Failure("an IPv4 header with a wrong checksum")
        if folded(addresses + struct.pack("!HH", self.protocol, len(self.l4)) + self.l4) != 0xFFFF:
            raise Failure("a datagram or segment with a wrong checksum")
        self.tcp = self.protocol == 6
        self.data = self.l4[self.l4[12] >> 2 :] if self.tcp else self.l4[8:]

    def kind(self):
        """Of an answer: the status of HTTP, SYN-ACK, the code of DNS, and whether there are records."""
        if self.tcp:
            return self.data[9:12].decode() if self.data else "SYN-ACK" if self.l4[13] == 0x12 else "other"
        flags, _, answers = struct.unpack_from("!3H", self.data, 2)
        return {0: "redirect" if answers else "empty", 3: "NXDOMAIN", 5: "REFUSED"}.get(flags & 15, "other")


# --- turnoutd ----------------------------------------------------------------------------------------------------------


def make(folder, *options, name="requests.pcap"):
    with (folder / name).open("wb") as out:
        subprocess.run([BUILD / "make_requests", *options], check=True, stdout=out)
    return folder / name


def answers(folder, setup, kind, table, *options):
    """What is asked, what is answered, and how many of each kind."""
    make(folder, "table", "--scopes", str(2 * HOSTS), *table, name="table.jsonl")
    asked = make(folder, kind, "--scopes", str(2 * HOSTS), "--count", str(COUNT), "--key", COOKIE_KEY, *table, *options)
    with Daemon(folder, setup) as daemon:
        limit = time.monotonic() + 30
        while daemon.counters()[0] < COUNT and time.monotonic() < limit:
            time.sleep(0.05)
        drops = daemon.counters()[2]
    asked, answered = ([Packet(f) for f in frames(p)] for p in (asked, folder / "answers.pcap"))
    return asked, answered, collections.Counter(p.kind() for p in answered), drops


def share(n):
    return 100 * n / COUNT


def target(packet):
    """The number of the CDN that it is sent to."""
    return int(packet.data.split(b"edge.cdn-")[1].split(b".")[0])


# --- cases -------------------------------------------------------------------------------------------------------------


def dns(folder, setup):
    _, _, kinds, drops = answers(folder, setup, "dns", ["--prefixes", "5000"], "--zipf")
    case("every plain query is redirected", kinds == {"redirect": COUNT}, f"{kinds}, {drops}")
    asked, answered, kinds, drops = answers(
        folder, setup, "dns", ["--wildcards", "20", "--ipv6", "40", "--prefixes", "5000"],
        "--edns", "80", "--ecs", "50", "--dns-cookies", "50", "--aaaa", "30", "--misses", "10",
    )  # fmt: skip
    misses = kinds["NXDOMAIN"], kinds["REFUSED"]
    case("of a mix of queries those with a scope are redirected, the others refused",
         sum(misses) + kinds["redirect"] == COUNT and all(3 < share(n) < 7 for n in misses), f"{kinds}, {drops}")  # fmt: skip
    shares = {
        "IPv6": (40, sum(p.ipv6 for p in answered)),
        "EDNS": (80, sum(p.data[11] == 1 for p in asked)),
        "client subnet": (40, sum(b"\0\x08\0" in p.data[30:] and p.data[11] == 1 for p in asked)),
        "cookies": (40, sum(b"\0\x0a\0\x08" in p.data for p in asked)),
        "AAAA": (30, sum(b"\7example\0\0\x1c" in p.data for p in asked)),
        "wildcards": (18, sum(p.data[12:].startswith((b"\2a", b"\3a", b"\4a")) for p in asked)),
    }
    wrong = {name: (want, share(n)) for name, (want, n) in shares.items() if abs(share(n) - want) > 4}
    case("they have IPv6, EDNS, client subnets, cookies, AAAA and wildcards as asked for", not wrong, f"{wrong}")


def http(folder, setup):
    asked, _, kinds, drops = answers(folder, setup, "http", [], "--size", "400")
    sizes = {len(p.data) for p in asked}
    case("a GET of 400 octets has 400, and is redirected", sizes == {400} and kinds == {"302": COUNT},
         f"{sizes}, {kinds}, {drops}")  # fmt: skip
    asked, _, kinds, drops = answers(folder, setup, "http", ["--ipv6", "50", "--wildcards", "5"], "--browsers", "--misses", "20")
    sizes = [len(p.data) for p in asked]
    case("requests of browsers have 300 to 1400 octets", min(sizes) >= 290 and 1300 < max(sizes) <= 1400, f"{min(sizes)}-{max(sizes)}")
    case("they are redirected but for those without a scope",
         kinds["302"] + kinds["404"] == COUNT and abs(share(kinds["404"]) - 20) < 3, f"{kinds}, {drops}")  # fmt: skip


def regexes(folder, setup):
    """Hosts with expressions answer by them for clients in the footprint, which three of four are."""
    asked, answered, kinds, drops = answers(folder, setup, "http", ["--regexes", "10"])
    places = {(p.l4[2:4], p.l4[8:12]): target(p) for p in answered}
    by_regex = []
    for packet in asked:
        host = int(packet.data.split(b"Host: h")[1].split(b".")[0])
        if host % 100 == host // 100 % 100:
            by_regex.append(places[packet.l4[0:2], struct.pack("!I", struct.unpack_from("!I", packet.l4, 4)[0] + len(packet.data))]
                            == (host + 1) % 8)  # fmt: skip
    good = sum(by_regex) / max(len(by_regex), 1)
    case("hosts with expressions are answered by them", kinds == {"302": COUNT} and 0.6 < good < 0.95 and len(by_regex) > 10,
         f"{kinds}, {drops}, {good:.0%} of {len(by_regex)}")  # fmt: skip


def tcp(folder, setup):
    _, _, kinds, drops = answers(folder, setup, "syn", ["--ipv6", "30"])
    case("every SYN gets a SYN-ACK", kinds == {"SYN-ACK": COUNT}, f"{kinds}, {drops}")
    _, _, kinds, drops = answers(folder, setup, "http", [], "--spoofed-syns", "90", "--size", "400")
    case("of a flood with 10 % good clients each of these is redirected",
         kinds["SYN-ACK"] + kinds["302"] == COUNT and abs(share(kinds["302"]) - 10) < 2, f"{kinds}, {drops}")  # fmt: skip


def seeds(folder):
    def octets(*more):
        return make(folder, "http", "--key", COOKIE_KEY, "--time", "1700000000", "--browsers", *more).read_bytes()

    case("the same seed gives the same octets, another one others",
         octets("--seed", "5") == octets("--seed", "5") != octets("--seed", "6"))  # fmt: skip


def main(folder, prefix):
    folder = pathlib.Path(folder)
    worker_cpu, control_cpu = pick_cpus()
    setup = {
        "hugepages": False, "memory": 128, "mbufs": 16384, "prefix": prefix, "idle": "sleep", "worker_cpu": worker_cpu,
        "control_cpu": control_cpu, "vdev": f"net_pcap0,rx_pcap={folder}/requests.pcap,tx_pcap={folder}/answers.pcap",
    }  # fmt: skip
    write_conf(folder, setup)
    for part in (dns, http, regexes, tcp):
        part(folder, setup)
    seeds(folder)
    return failed


sys.exit(main(*sys.argv[1:]))
