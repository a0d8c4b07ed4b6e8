# overload - what good clients get while SYNs from everywhere come in at more than twice of what a worker takes.
# SPDX-License-Identifier: BSD-3-Clause
#
# testpmd reads an endless pcap and offers all of it, as fast as it can, to turnoutd over net_virtio_user and net_vhost: a ring in shared
# memory, which drops what does not fit, whatever it is. Of the frames 10 % are GETs of good clients, the others SYNs with made-up
# sources. Fair is that good clients get the same part of the worker as of what is offered: their share is the redirects among the
# frames that it took, beside the GETs among those that were offered. An answer that the ring back does not take counts as none.
import struct
import time

from common import Failure, summary
from ceiling import GET, three
from in_memory import Testpmd

GOOD, FACTOR, LEAST, AIM = 10, 2, 0.9, 0.99


def part_of_gets(path):
    """Of the frames in the pcap."""
    octets, at, gets, frames = path.read_bytes(), 24, 0, 0
    while at < len(octets):
        n = struct.unpack_from("<I", octets, at + 8)[0]
        gets, frames, at = gets + (n > 400), frames + 1, at + 16 + n
    return gets / frames


def counters(daemon, testpmd):
    w = daemon.call("show.workers")["workers"][0]
    return testpmd.stats(0)["ipackets"], w["rx-packets"], w["http-redirects"], w["tx-packets"], w["syns"] + w["http-requests"]


def one_round(bench, table, i):
    ring = table.folder / "vhost.sock"
    with bench.daemon(table, f"net_vhost0,iface={ring},queues=1", [bench.setup["worker_cpu"]]) as daemon:
        daemon.settle()
        mac = daemon.call("show.ports")["ports"][0]["mac"]
        path = bench.requests(table, [*GET, "--spoofed-syns", 100 - GOOD, "--mac", mac], i + 1)
        vdevs = [bench.endless([path]), f"net_virtio_user0,path={ring},queues=1,queue_size=1024"]
        setup = {**bench.setup, "prefix": bench.setup["prefix"] + "-offer"}
        with Testpmd(table.folder, setup, vdevs, [bench.setup["control_cpu"]], ["--forward-mode=io"]) as testpmd:
            before, began = counters(daemon, testpmd), time.monotonic()
            time.sleep(max(1, bench.seconds))
            offered, taken, redirects, sent, asked = (b - a for a, b in zip(before, counters(daemon, testpmd)))
            took = time.monotonic() - began
    if not taken or not redirects:
        raise Failure(f"turnoutd took {taken} frames from the ring, and redirected {redirects} of them")
    share = redirects / taken / part_of_gets(path) * min(1, sent / asked)
    return offered / took, taken / took, share


def measure(bench):
    table, rounds = bench.table(1000), []
    for i in range(bench.rounds):
        rounds.append(one_round(bench, table, i))
        offered, taken, share = rounds[-1]
        bench.say(f"SYN flood, round {i + 1}: {offered / 1e6:.2f} M/s offered, {taken / 1e6:.2f} taken, "
                  f"good clients get {share:.1%} of their share")  # fmt: skip
    offered, taken, share = (summary(values) for values in zip(*rounds))
    factor = summary([o / t for o, t, _ in rounds])
    return {
        "offered": offered, "taken": taken, "factor": factor, "share": share, "good-percent": GOOD, "least": LEAST, "aim": AIM,
        "met": factor["min"] >= FACTOR and share["median"] >= LEAST, "aim-met": factor["min"] >= FACTOR and share["median"] >= AIM,
    }  # fmt: skip


def show(row):
    print("\n## SYN flood over a ring in memory\n")
    print(f"Of the frames {row['good-percent']} % are GETs of good clients; what the ring does not hold is lost, whatever it is.\n")
    print("| offered, M/s | taken, M/s | offered beside taken | good clients get of their share | at least | met |")
    print("|---|---|---|---|---|---|")
    rates = [three({k: row[w][k] / 1e6 for k in ("median", "min", "max")}) for w in ("offered", "taken")]
    met = "all" if row["aim-met"] else "yes" if row["met"] else "**no**"
    print(f"| {rates[0]} | {rates[1]} | {three(row['factor'])} | {three(row['share'], '{:.1%}')} | {row['least']:.0%} at {FACTOR} | {met} |")
