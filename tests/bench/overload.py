# overload - what good clients get while SYNs from everywhere come in at twice of what a worker takes, and at as much as can be sent.
# SPDX-License-Identifier: BSD-3-Clause
#
# Frames come to turnoutd over net_virtio_user and net_vhost: a ring in shared memory, which drops what does not fit, whatever it is. 10 % are
# GETs of good clients, the others SYNs with made-up sources. replay.c first sends without a pause, which tells what the worker takes, then
# at twice that rate; and testpmd offers all of an endless pcap as fast as it can, which is some twenty times of it. Fair is that good
# clients get the same part of the worker as of what is offered: their share is the redirects that came back among the frames that the
# worker took, beside the GETs among those that were offered.
import json
import shutil
import struct
import subprocess
import time

from ceiling import three
from common import BUILD, Failure, dpdk_folder, eal_memory, end_with_parent, summary, tail
from in_memory import GET, Testpmd

GOOD, FACTOR, LEAST, AIM = 10, 2, 0.9, 0.99
UNPACED, NEAR, TRIES = 1e9, 0.05, 8  # frames a second; how near to FACTOR is near enough, and how often that is tried


def part_of_gets(path):
    """Of the frames in the pcap."""
    octets, at, gets, frames = path.read_bytes(), 24, 0, 0
    while at < len(octets):
        n = struct.unpack_from("<I", octets, at + 8)[0]
        gets, frames, at = gets + (n > 400), frames + 1, at + 16 + n
    return gets / frames


class Replay:
    """tests/bench/replay.c within `with`, beside turnoutd at the ring."""

    def __init__(self, folder, setup, ring):
        self.log, self.prefix = folder / "replay.log", setup["prefix"] + "-replay"
        self.command = [
            BUILD / "replay", "--no-pci", "--no-telemetry", *eal_memory(setup, 128), f"--file-prefix={self.prefix}",
            f"--lcores=0@{setup['control_cpu']}", "--log-level=1", f"--vdev={ring}",
        ]  # fmt: skip

    def __enter__(self):
        with self.log.open("w") as errors:
            self.process = subprocess.Popen([str(c) for c in self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            text=True, preexec_fn=end_with_parent)  # fmt: skip
        self.read("ready")
        return self

    def __exit__(self, *_):
        self.process.communicate()
        shutil.rmtree(dpdk_folder(self.prefix), ignore_errors=True)

    def read(self, start):
        for line in self.process.stdout:
            if line.startswith(start):
                return line
        raise Failure(f"replay ended:{tail(self.log)}")

    def trial(self, path, rate, seconds):
        self.process.stdin.write(f"trial {path} {rate:.0f} {seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.read("{"))


# --- rounds --------------------------------------------------------------------------------------------------------------


def result(offered, taken, redirects, seconds, gets):
    if not taken or not redirects:
        raise Failure(f"turnoutd took {taken} frames from the ring, and redirected {redirects} of them")
    return {"offered": offered / seconds, "taken": taken / seconds, "factor": offered / taken, "share": redirects / taken / gets}


def counters(daemon):
    w = daemon.call("show.workers")["workers"][0]
    return w["rx-packets"], w["http-redirects"], w["tx-packets"], w["syns"] + w["http-requests"]


def paced(daemon, replay, path, rate, seconds, gets):
    before = counters(daemon)[0]
    told = replay.trial(path, rate, seconds)
    return result(told["sent"], counters(daemon)[0] - before, told["redirect"], seconds, gets)


def twice(bench, daemon, ring, path, gets):
    """Each trial tells anew what the worker takes, until twice of that was offered; or the trial that was nearest to it."""
    tried, seconds = [], min(1, bench.seconds / 2)
    with Replay(daemon.folder, bench.setup, ring) as replay:
        told = paced(daemon, replay, path, UNPACED, seconds, gets)
        while len(tried) < TRIES and not (tried and near(tried[-1]) < NEAR):
            told = paced(daemon, replay, path, FACTOR * told["taken"], seconds, gets)
            tried.append(told)
    return min(tried, key=near)


def near(told):
    return abs(told["factor"] / FACTOR - 1)


def most(bench, daemon, ring, path, gets):
    """testpmd forgets the answers: one that the ring back does not take counts as none."""
    setup = {**bench.setup, "prefix": bench.setup["prefix"] + "-offer"}
    with Testpmd(daemon.folder, setup, [bench.endless([path]), ring], [bench.setup["control_cpu"]], ["--forward-mode=io"]) as testpmd:
        before, offered0, began = counters(daemon), testpmd.stats(0)["ipackets"], time.monotonic()
        time.sleep(bench.seconds)
        taken, redirects, sent, asked = (b - a for a, b in zip(before, counters(daemon)))
        offered, took = testpmd.stats(0)["ipackets"] - offered0, time.monotonic() - began
    return result(offered, taken, redirects * min(1, sent / asked), took, gets)


FLOODS = {"at twice of that": twice, "as fast as it goes": most}


def one_round(bench, table, i):
    path = table.folder / "vhost.sock"
    with bench.daemon(table, f"net_vhost0,iface={path},queues=1", [bench.setup["worker_cpu"]]) as daemon:
        daemon.settle()
        mac = daemon.call("show.ports")["ports"][0]["mac"]
        requests = bench.requests(table, [*GET, "--spoofed-syns", 100 - GOOD, "--mac", mac], i + 1)
        gets, ring = part_of_gets(requests), f"net_virtio_user0,path={path},queues=1,queue_size=1024"
        for name, flood in FLOODS.items():
            yield name, flood(bench, daemon, ring, requests, gets)


def measure(bench):
    table, rounds = bench.table(1000), {name: [] for name in FLOODS}
    for i in range(bench.rounds):
        for name, told in one_round(bench, table, i):
            rounds[name].append(told)
            bench.say(f"SYN flood, {name}, round {i + 1}: {told['offered'] / 1e6:.2f} M/s offered, {told['taken'] / 1e6:.2f} taken, "
                      f"good clients get {told['share']:.1%} of their share")  # fmt: skip
    return [make_result(name, told) for name, told in rounds.items()]


def make_result(name, told):
    row = {key: summary([t[key] for t in told]) for key in told[0]}
    enough = row["factor"]["median"] >= FACTOR * (1 - NEAR)
    return {
        "name": name, **row, "good-percent": GOOD, "least": LEAST, "aim": AIM,
        "met": enough and row["share"]["median"] >= LEAST, "aim-met": enough and row["share"]["median"] >= AIM,
    }  # fmt: skip


def show(rows):
    print("\n## SYN flood over a ring in memory\n")
    print(f"Of the frames {GOOD} % are GETs of good clients; what the ring does not hold is lost, whatever it is.\n")
    print("| flood | offered, M/s | taken, M/s | offered beside taken | good clients get of their share | at least | met |")
    print("|---|---|---|---|---|---|---|")
    for r in rows:
        rates = [three({k: r[w][k] / 1e6 for k in ("median", "min", "max")}) for w in ("offered", "taken")]
        met = "all" if r["aim-met"] else "yes" if r["met"] else "**no**"
        print(f"| {r['name']} | {rates[0]} | {rates[1]} | {three(r['factor'], '{:.2f}')} | {three(r['share'], '{:.1%}')} | {LEAST:.0%} | {met} |")
