# in_memory - turnoutd and testpmd that take turns on the same endless pcap in memory, on the same CPUs.
# SPDX-License-Identifier: BSD-3-Clause
#
# Both read it with net_pcap and infinite_rx, and drop what they send after counting it. A second is a second of CPU time of the
# polling thread. The ratio says what is left of the rate of a program that does nothing but swap addresses and ports when each
# packet is a request that is parsed, matched and answered. A table is loaded once; later starts take the image beside its state file.
import json
import shutil
import socket
import subprocess
import time

from common import (
    BUILD, COOKIE_KEY, MBUFS, MEMORY, Failure, dpdk_folder, eal_memory, end, end_with_parent, pick_cpus, run, say, summary, tail, thread_seconds,
)  # fmt: skip
from daemon import Daemon, rates_of_workers, write_conf

PACKETS = 32768
GET = ["http", "--size", "400"]
UNIFORM = {"DNS A, uniform": ["dns"], "GET of 400 octets, uniform": GET}
COOKIE_AHEAD = 50  # seconds: cookies of a slot that comes are good, too, so that a start may take long


# --- testpmd -----------------------------------------------------------------------------------------------------------


class Testpmd:
    """dpdk-testpmd within `with`, forwarding as soon as it is there; workers: its CPUs."""

    def __init__(self, folder, setup, vdevs, workers, options):
        self.log, self.prefix = folder / "testpmd.log", setup["prefix"] + "-pmd"
        lcores = ",".join(f"{i + 1}@{cpu}" for i, cpu in enumerate(workers))
        self.command = [
            "dpdk-testpmd", "--no-pci", *eal_memory(setup, setup.get("memory", MEMORY)),
            f"--file-prefix={self.prefix}", f"--lcores=0@{setup['control_cpu']},{lcores}", *(f"--vdev={v}" for v in vdevs), "--",
            f"--nb-cores={len(workers)}", "--auto-start", "--no-lsc-interrupt", f"--total-num-mbufs={setup.get('mbufs', MBUFS)}",
            *options,
        ]  # fmt: skip

    def __enter__(self):
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=out, stderr=out, preexec_fn=end_with_parent
            )
        try:
            limit = time.monotonic() + 60
            while not self.stats() or not self.stats()["ipackets"]:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise Failure(f"testpmd does not forward:{tail(self.log)}")
                time.sleep(0.02)
            time.sleep(0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(dpdk_folder(self.prefix), ignore_errors=True)

    def stats(self, port=0):
        """What DPDK's telemetry says of a port; None as long as there is none."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
                s.settimeout(5)
                s.connect(str(dpdk_folder(self.prefix) / "dpdk_telemetry.v2"))
                s.recv(4096)
                s.send(f"/ethdev/stats,{port}".encode())
                return json.loads(s.recv(65536))["/ethdev/stats"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def rates(self, seconds):
        """Of each worker, which has the queue of its number."""
        n = len(thread_seconds(self.process))
        t0, before = thread_seconds(self.process), self.stats()["q_ipackets"]
        time.sleep(seconds)
        t1, after = thread_seconds(self.process), self.stats()["q_ipackets"]
        return [(after[i] - before[i]) / (t1[i] - t0[i]) for i in range(n)]


# --- both --------------------------------------------------------------------------------------------------------------


class Table:
    """A table of turnoutd in a folder of its own, with what its next start takes from it."""

    def __init__(self, bench, scopes, prefixes=0, regexes=0):
        self.scopes, self.prefixes = scopes, prefixes
        self.like = ["--scopes", scopes, "--prefixes", prefixes]
        self.folder = bench.folder / f"table-{scopes}-{prefixes}-{regexes}"
        self.folder.mkdir()
        with (self.folder / "table.jsonl").open("wb") as out:
            run(BUILD / "make_requests", "table", *self.like, "--regexes", regexes, stdout=out)
        self.setup = {**bench.setup, "vdev": "net_ring0", "idle": "sleep", "state": self.folder / "state.db"}
        write_conf(self.folder, self.setup)
        began = time.monotonic()
        with Daemon(self.folder, self.setup) as daemon:
            daemon.settle()
        say(f"bench: a table of {scopes:,} scopes, {prefixes:,} prefixes, {regexes:,} expressions loaded in "
            f"{time.monotonic() - began:.1f} s")  # fmt: skip


class InMemory:
    def __init__(self, folder, options, hugepages, prefix):
        worker_cpu, control_cpu = pick_cpus()
        self.folder, self.quick, self.rounds = folder, options.quick, options.rounds
        self.uniform = {name: stream for name, stream in UNIFORM.items() if name.startswith("DNS") or not self.quick}
        self.seconds = 0.5 if options.quick else 3
        self.began, self.tables = time.monotonic(), {}
        self.setup = {
            "hugepages": hugepages, "prefix": prefix, "worker_cpu": worker_cpu, "control_cpu": control_cpu,
            "memory": MEMORY, "mbufs": MBUFS,
        }  # fmt: skip

    def say(self, text):
        say(f"bench: {time.monotonic() - self.began:4.0f} s: {text}")

    def table(self, *size):
        if size not in self.tables:
            self.tables[size] = Table(self, *size)
        return self.tables[size]

    def of_large_table(self, series):
        """The rows that a series gives for each stream."""
        table = self.table(*[100000 if self.quick else 1000000] * 2)
        return [row for name, stream in self.uniform.items() for row in series(self, name, table, stream)]

    def forget(self, table):
        """Its files go; the memory of this machine may be small."""
        self.tables = {size: t for size, t in self.tables.items() if t is not table}
        shutil.rmtree(table.folder)

    def requests(self, table, stream, seed, queue=0):
        path = table.folder / f"requests-{queue}.pcap"
        with path.open("wb") as out:
            run(BUILD / "make_requests", *stream, *table.like, "--count", PACKETS, "--seed", seed, "--key", COOKIE_KEY,
                "--time", int(time.time()) + COOKIE_AHEAD, stdout=out)  # fmt: skip
        return path

    def endless(self, paths, number=0):
        return f"net_pcap{number}," + ",".join(f"rx_pcap={p}" for p in paths) + ",infinite_rx=1"

    def daemon(self, table, vdev, workers):
        setup = {**table.setup, "vdev": vdev, "worker_cpus": workers, "idle": "poll", **self.room(workers)}
        write_conf(table.folder, setup)
        return Daemon(table.folder, setup)

    def room(self, workers):
        n = len(workers)
        return {"memory": MEMORY * n, "mbufs": (MBUFS + 1) * n - 1}

    def turn(self, table, stream, seed, workers=None, misses=False):
        """One turn of each program: its rates of each worker."""
        workers = workers or [self.setup["worker_cpu"]]
        vdev = self.endless([self.requests(table, stream, seed * len(workers) + i, i) for i in range(len(workers))])
        with self.daemon(table, vdev, workers) as daemon:
            daemon.settle()
            ours = rates_of_workers(daemon, self.seconds, misses)
        options = ["--forward-mode=5tswap", f"--rxq={len(workers)}", f"--txq={len(workers)}"]
        with Testpmd(table.folder, {**self.setup, **self.room(workers)}, [vdev], workers, options) as testpmd:
            return ours, testpmd.rates(self.seconds)

    def compare(self, name, table, stream, rounds=None, misses=False):
        """A B A B: what each does alone, and the ratio of each round."""
        ours, others = [], []
        for i in range(rounds or self.rounds):
            a, b = self.turn(table, stream, i + 1, misses=misses)
            ours += a
            others += b
            self.say(f"{name}, round {i + 1}: turnoutd {a[0] / 1e6:.2f} M/s, testpmd {b[0] / 1e6:.2f} M/s, ratio {a[0] / b[0]:.3f}")
        ratios = [a / b for a, b in zip(ours, others)]
        return {
            "name": name, "scopes": table.scopes, "prefixes": table.prefixes, "stream": [str(s) for s in stream],
            "turnoutd": summary(ours), "testpmd": summary(others), "ratio": summary(ratios),
        }  # fmt: skip
