#!/usr/bin/env python3
# soak - full load, a thousand changes a second, reloads and restarts for a long time: no wrong answer, nothing grows.
# SPDX-License-Identifier: BSD-3-Clause
#
#   soak.py NETWORK MINUTES [--scopes N] [--rate N] [--reload-every S] [--restart-every S] [--spoil]
#
# Started by scripts/soak, which makes the NETWORK: the namespaces NETWORK-router (with the link v0), NETWORK-fr, -us and -jp.
# Every answer of the clients in soak_clients.py is compared with the versions that were valid while it was in flight.
import argparse
import collections
import multiprocessing
import multiprocessing.connection
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import time

import soak_clients
from common import (
    BUILD, Failure, Refused, describe_machine, end_with, end_with_parent, machine_line, pick_cpus, print_rows, run, say,
)  # fmt: skip
from daemon import Daemon, request_line, write_conf
from soak_clients import scope_members
from soak_report import progress, rows_of
from timeline import ABSENT, STATES, Timeline, state_of

RUN_HOSTS = [f"r{i}" for i in range(2000)]
PAIR_HOSTS = [f"pair-{i}" for i in range(10)]
FILE_HOSTS = [f"file-{i}" for i in range(200)]
HOT = RUN_HOSTS[: soak_clients.Changes.HOT] + PAIR_HOSTS
fork = multiprocessing.get_context("fork")


def now():
    return time.monotonic()


# --- judging -----------------------------------------------------------------------------------------------------------


class Judge(threading.Thread):
    """Hears what the clients did and saw, and compares when everything that happened until then has been told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.timeline, self.lock = Timeline(), threading.Lock()
        self.told, self.seen = {}, collections.deque()
        self.down = [[0, float("inf")]]  # when turnoutd was not there
        self.counts, self.faults, self.slowest = collections.Counter(), [], 0
        self.over, self.began = False, now()

    def fault(self, kind, text):
        self.counts[kind] += 1
        if len(self.faults) < 20:
            self.faults.append(f"{kind} at {now() - self.began:.1f} s: {text}")
            say(f"soak: {self.faults[-1]}")

    def note(self, text):
        """What else happens, so that faults can be told apart."""
        say(f"soak: at {now() - self.began:.1f} s: {text}")

    def hear(self, event, *what):
        if event == "asked for":
            self.timeline.asked_for(*what)
        elif event == "acknowledged":
            host, version, at, took = what
            self.timeline.acknowledged(host, version, at)
            self.counts["changes"] += 1
            self.slowest = max(self.slowest, took)
        elif event == "refused":
            self.fault("refused", *what)
        else:
            self.seen.append((event, *what))

    def compare(self, protocol, host, since, until, state):
        valid = self.timeline.states(host, since, until)
        if state in valid:
            self.counts[f"{protocol} right"] += 1
            self.counts["more than one valid"] += len(valid) > 1
        else:
            self.fault("wrong", f"{protocol} answer for {host} after {until - since:.4f} s: {state}; valid was {valid}")

    def miss(self, protocol, host, since, until):
        if any(since <= end and until >= begin for begin, end in self.down):
            self.counts["missing in restarts"] += 1
        else:
            self.fault("missing", f"no {protocol} answer for {host} within {until - since:.1f} s")

    def judge(self):
        known = min(self.told.values())
        waiting = collections.deque()
        for event, *what in self.seen:
            if what[3] > known:
                waiting.append((event, *what))
            elif event == "seen":
                self.compare(*what)
            else:
                self.miss(*what)
        self.seen = waiting
        self.timeline.forget(known - 10)

    def listen(self, pipe):
        self.told[pipe] = 0

    def run(self):
        while not self.over:
            for pipe in multiprocessing.connection.wait(list(self.told), 0.2):
                try:
                    at, events = pipe.recv()
                except EOFError:
                    at, events = float("inf"), []
                    del self.told[pipe]
                with self.lock:
                    for event in events:
                        self.hear(*event)
                    if pipe in self.told:
                        self.told[pipe] = at
            with self.lock:
                if self.told:
                    self.judge()

    def lag(self):
        return now() - min(self.told.values(), default=now())


class Clients:
    """Processes that tell the judge."""

    def __init__(self, judge):
        self.judge, self.processes = judge, []

    def start(self, function, *arguments):
        ours, theirs = fork.Pipe(duplex=False)

        def life():
            end_with_parent()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            function(theirs, *arguments)

        process = fork.Process(target=life, daemon=True)
        process.start()
        theirs.close()
        self.judge.listen(ours)
        self.processes.append(process)

    def check(self):
        if not all(p.is_alive() for p in self.processes):
            raise Failure("a client of the soak ended")

    def end(self):
        for process in self.processes:
            process.terminate()
            process.join()


def change(pipe, *arguments):
    soak_clients.Changes(pipe, *arguments).run()


def change_pairs(pipe, *arguments):
    soak_clients.Pairs(pipe, *arguments).run()


# --- the load ----------------------------------------------------------------------------------------------------------


class Load:
    """dnsperf and wrk, as much as they get: they are nice to all others on these CPUs."""

    def __init__(self, folder, network, seconds, hosts):
        self.folder, self.network = folder, network
        chance = random.Random(4)
        (folder / "names").write_text("".join(f"h{chance.randrange(hosts)}.cdn.example A\n" for _ in range(10000)))
        self.programs = {
            "dnsperf": self.start("fr", "dnsperf", "-s", "192.0.2.1", "-d", folder / "names", "-l", int(seconds), "-q", 100,
                                  "-t", 1, "-W"),
            "wrk": self.start("us", "wrk", "-t", 1, "-c", 8, "-d", f"{int(seconds)}s", "--timeout", "5s", "-H",
                              "Host: h1.cdn.example", "http://192.0.2.1:80/x"),
        }  # fmt: skip

    def start(self, host, *command):
        with (self.folder / f"{command[0]}.log").open("w") as log:
            return subprocess.Popen(
                ["ip", "netns", "exec", f"{self.network}-{host}", "nice", "-n", "10", *(str(c) for c in command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent,
            )  # fmt: skip

    def end(self):
        """What they say of the whole time."""
        for name, program in self.programs.items():
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                raise Failure(f"{name} does not end") from None
        return {name: (self.folder / f"{name}.log").read_text(errors="replace") for name in self.programs}

    def kill(self):
        for program in self.programs.values():
            program.kill()
            program.wait()


# --- the daemon --------------------------------------------------------------------------------------------------------


class Life:
    """Of one process of turnoutd: memory (MiB) and descriptors once it has settled, and last."""

    def __init__(self, settled):
        self.began, self.settled, self.first, self.last = now(), settled, None, None

    def look(self, daemon):
        descriptors = len(list(pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir()))
        self.last = daemon.memory()[0], descriptors
        if self.first is None and now() - self.began >= self.settled:
            self.first = self.last


class Soak:
    def __init__(self, folder, options, judge):
        self.folder, self.options, self.judge = folder, options, judge
        self.file_version = 0
        self.lives, self.starts, self.reloads, self.ends = [], [], [], collections.Counter()
        worker_cpu, control_cpu = pick_cpus()
        setup = {
            "hugepages": False, "memory": 256, "mbufs": 16384, "prefix": options.network, "vdev": "net_af_packet0,iface=v0",
            "idle": "sleep", "worker_cpu": worker_cpu, "control_cpu": control_cpu, "cdns": STATES, "state": folder / "state.db",
            "tables": ["table.jsonl", "file.jsonl"],
        }  # fmt: skip
        with (folder / "table.jsonl").open("wb") as out:
            run(BUILD / "make_requests", "table", "--scopes", options.scopes, "--prefixes", options.scopes // 10, stdout=out)
        self.write_file()
        write_conf(folder, setup)
        self.daemon = Daemon(folder, setup, ("ip", "netns", "exec", f"{options.network}-router"))

    def write_file(self):
        """The next version of the scopes that only a reload changes."""
        state = state_of(self.file_version)
        text = "".join(
            f'{{"scope":{{"name":"{host}",{scope_members(host, f"cdn-{state}", state)}}}}}\n' for host in FILE_HOSTS
        )
        (self.folder / "next.jsonl").write_text(text)
        with self.judge.lock:
            for host in FILE_HOSTS:
                self.judge.timeline.asked_for(host, self.file_version, now())
        (self.folder / "next.jsonl").rename(self.folder / "file.jsonl")

    def next_file(self):
        self.file_version += 2 if state_of(self.file_version + 1) == ABSENT else 1
        self.write_file()

    def file_is_read(self):
        with self.judge.lock:
            for host in FILE_HOSTS:
                self.judge.timeline.acknowledged(host, self.file_version, now())

    def start(self):
        self.daemon.start()
        self.starts.append(self.daemon.wait())
        self.file_is_read()
        self.judge.down[-1][1] = now() + 0.2
        self.lives.append(Life(min(60, self.options.restart_every / 3)))
        self.look()

    def reload(self):
        self.next_file()
        began = now()
        try:
            self.daemon.call("reload")
        except Refused as refused:
            self.judge.fault("refused", str(refused))
        self.file_is_read()
        self.reloads.append(now() - began)
        self.judge.note(f"reloaded in {self.reloads[-1]:.2f} s")

    def restart(self):
        """Every second time by kill -9, and that in the middle of a reload."""
        number = signal.SIGKILL if self.ends[signal.SIGTERM] > self.ends[signal.SIGKILL] else signal.SIGTERM
        self.ends[number] += 1
        self.look()
        if number == signal.SIGKILL:
            self.next_file()
            self.daemon.control.socket.sendall(request_line("reload", {}))
            time.sleep(random.random() * 0.3)
        self.judge.down.append([now(), float("inf")])
        self.daemon.stop(number)
        code = self.daemon.process.returncode
        if number == signal.SIGTERM and code != 0:
            self.judge.fault("refused", f"turnoutd ended with code {code} on SIGTERM")
        self.start()
        self.judge.note(f"restarted after signal {number}: started in {self.starts[-1]:.2f} s")

    def look(self):
        self.daemon.check()
        self.lives[-1].look(self.daemon)

    def state_mib(self):
        return sum(file.stat().st_size for file in self.folder.glob("state.db*")) / (1 << 20)


# --- the whole ---------------------------------------------------------------------------------------------------------


def pass_time(soak, judge, clients, seconds):
    """Reloads, restarts and looks at the process until the time is over. Gives the settled memory."""
    began = now()
    reload_at, restart_at, tell_at = (began + every for every in (soak.options.reload_every, soak.options.restart_every, 30))
    changes, settled = 0, None
    while now() - began < seconds:
        time.sleep(0.5)
        clients.check()
        soak.look()
        if judge.lag() > 60:
            raise Failure("a client has told nothing for a minute: is turnoutd still answering it?")
        if now() >= restart_at and now() - began < seconds - 10:
            soak.restart()
            restart_at += soak.options.restart_every
        elif now() >= reload_at:
            soak.reload()
            reload_at += soak.options.reload_every
        if settled is None and now() - began > min(300, seconds / 3) and soak.lives[-1].first:
            settled = soak.lives[-1].last[0]
        if now() >= tell_at:
            say(progress(soak, judge.counts, now() - began, (judge.counts["changes"] - changes) / 30))
            changes, tell_at = judge.counts["changes"], tell_at + 30
    return settled or soak.lives[0].last[0]


def soak_all(folder, options):
    judge, path = Judge(), str(folder / "turnout.sock")
    soak, load, seconds = Soak(folder, options, judge), None, options.minutes * 60
    changing, asking = Clients(judge), Clients(judge)
    network, hosts = options.network, RUN_HOSTS + PAIR_HOSTS + FILE_HOSTS
    try:
        soak.start()
        changing.start(change, path, options.rate, RUN_HOSTS, options.spoil)
        changing.start(change_pairs, path, 20, PAIR_HOSTS)
        asking.start(soak_clients.ask_dns, f"{network}-jp", 1500, hosts, HOT)
        asking.start(soak_clients.ask_http, f"{network}-jp", 200, hosts, HOT)
        judge.start()
        load = Load(folder, network, seconds, options.scopes // 2)
        began, settled = now(), pass_time(soak, judge, asking, seconds)
        texts = load.end()
        asking.end()
        time.sleep(1)
        elapsed = now() - began
        changing.end()
        time.sleep(1)
        judge.over = True
        judge.join()
        soak.look()
        soak.daemon.stop(signal.SIGTERM)
        return rows_of(soak, judge, texts, elapsed, settled), judge.faults
    finally:
        asking.end()
        changing.end()
        if load:
            load.kill()
        soak.daemon.__exit__()


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description="full load, changes, reloads and restarts")
    parser.add_argument("network", help=argparse.SUPPRESS)
    parser.add_argument("minutes", nargs="?", type=float, default=30)
    parser.add_argument("--scopes", type=int, default=100000, help="of the table beside those that change (100000)")
    parser.add_argument("--rate", type=int, default=1000, help="changes per second (1000)")
    parser.add_argument("--reload-every", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--restart-every", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--spoil", action="store_true", help="claim acknowledgements too early: has to find wrong answers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=f"{options.network}.") as name:
        rows, faults = soak_all(pathlib.Path(name), options)
    print(f"{machine_line(describe_machine(False))}; {options.scopes:,} scopes beside those that change.\n")
    print_rows(rows)
    for text in faults:
        print(f"\n{text}")
    return any(row["met"] is False for row in rows)


end_with("soak", main)
