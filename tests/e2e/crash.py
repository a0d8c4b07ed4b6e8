#!/usr/bin/env python3
# crash - turnoutd is killed at random moments under a load of commits: each one acknowledged is there afterwards, and no half one.
# SPDX-License-Identifier: BSD-3-Clause
#
#   crash.py TURNOUTD CONFIGURATION SOCKET FOLDER TIMES [SEED]     exit code 1: something was lost, or is half there
#
# Two clients commit pairs of scopes that have to agree, a third one lets objects take each other's places, a fourth one applies
# a table file, replacing its set, or saves.
# What came before the kill but was not acknowledged may be there or not, but wholly.
import collections
import ctypes
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

from rpc import Refused, Rpc

PAIRS = 24  # of each client; the first ones of the first client are in the configuration
IN_CONFIGURATION = 4
METHOD_NOT_FOUND = -32601
turnoutd, configuration, path, folder, times = *sys.argv[1:5], int(sys.argv[5])
seed = int(sys.argv[6]) if len(sys.argv) > 6 else random.randrange(1 << 32)
dice = random.Random(seed)
counts = collections.Counter()


class Lost(Exception):
    pass


# --- the daemon ------------------------------------------------------------------------------------------------------


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Daemon:
    def __init__(self):
        self.log = open(f"{folder}/turnoutd.log", "wb")
        self.process = subprocess.Popen(
            [turnoutd, "-c", configuration], stdout=self.log, stderr=self.log, preexec_fn=die_with_us
        )

    def wait(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Lost("turnoutd did not start:\n" + self.said())
            try:
                rpc = Rpc(path, 20)
                rpc.call("status")
                return rpc
            except OSError:
                time.sleep(0.005)
        raise Lost("turnoutd did not answer in 20 seconds:\n" + self.said())

    def said(self):
        with open(f"{folder}/turnoutd.log", encoding="utf-8") as file:
            return file.read()

    def kill(self):
        if self.process.poll() is not None:
            raise Lost("turnoutd ended by itself:\n" + self.said())
        self.process.kill()
        self.process.wait()
        self.log.close()


# --- what clients do until it dies -----------------------------------------------------------------------------------


def scope(name, value):
    return {"name": name, "hosts": [f"{name}.cdn.example"], "paths": [f"/{value}/"], "candidates": [{"cdn": "b"}]}


class Pairs:
    """Commits of two scopes that agree; None: neither is there."""

    def __init__(self, first):
        self.names = range(first, first + PAIRS)
        self.may_be = {i: {"0" if i < IN_CONFIGURATION else None} for i in self.names}
        self.dice = random.Random(dice.random())
        self.last = 0

    def commit(self, rpc, i, value):
        transaction = rpc.call("begin", text=f"pair {i} is {value}")["transaction"]
        for name in (f"left-{i}", f"right-{i}"):
            if value is None:
                rpc.call("remove", kind="scope", name=name, transaction=transaction)
            else:
                rpc.call("put", kind="scope", object=scope(name, value), transaction=transaction)
        self.may_be[i].add(value)
        done = rpc.call("commit", transaction=transaction)
        self.may_be[i] = {value}
        return done["generation"]

    def load(self):
        rpc = Rpc(path, 20)
        while True:
            i = self.dice.choice(self.names)
            there = self.may_be[i] != {None}
            self.last += 1
            value = None if there and self.dice.random() < 0.2 else str(self.last)
            generation = self.commit(rpc, i, value)
            counts["commits"] += 1
            acknowledged[0] = max(acknowledged[0], generation)

    def check(self, there):
        for i in self.names:
            left, right = there.get(f"left-{i}"), there.get(f"right-{i}")
            if left != right:
                raise Lost(f"half a commit: left-{i} is {left}, right-{i} is {right}")
            if left not in self.may_be[i]:
                raise Lost(f"pair {i} is {left}, expected {' or '.join(map(str, self.may_be[i]))}")
            self.may_be[i] = {left}


class Moves:
    """Two scopes of one cdn exchange their places, and all three come and go: in which order says only the transaction."""

    slots = range(6)
    states = {"one": ("p", "q"), "other": ("q", "p"), None: None}

    def __init__(self):
        self.may_be = {i: {None} for i in self.slots}
        self.dice = random.Random(dice.random())

    @staticmethod
    def hang(name, i, place):
        candidates = [{"cdn": f"moving-{i}"}]
        return "scope", {"name": f"{name}-{i}", "hosts": [f"moves-{i}.cdn.example"], "paths": [f"/{place}/"], "candidates": candidates}

    def puts(self, i, before, after):
        a, z = self.states[after]
        if before is None:
            yield "cdn", {"name": f"moving-{i}"}
            yield "dri", {"cdn": f"moving-{i}", "dns-target": {"host": "moving.example", "ttl": 5}}
        else:
            yield self.hang("a", i, "aside")
        yield self.hang("z", i, z)
        yield self.hang("a", i, a)

    def load(self):
        rpc = Rpc(path, 20)
        while True:
            i = self.dice.choice(self.slots)
            (before,) = self.may_be[i]
            after = self.dice.choice([state for state in self.states if state != before])
            transaction = rpc.call("begin")["transaction"]
            if after is None:
                for kind, name in (("scope", "a"), ("scope", "z"), ("cdn", "moving")):
                    rpc.call("remove", kind=kind, name=f"{name}-{i}", transaction=transaction)
            else:
                for kind, thing in self.puts(i, before, after):
                    rpc.call("put", kind=kind, object=thing, transaction=transaction)
            self.may_be[i].add(after)
            acknowledged[0] = max(acknowledged[0], rpc.call("commit", transaction=transaction)["generation"])
            self.may_be[i] = {after}
            counts["moves"] += 1

    def check(self, there):
        for i in self.slots:
            got = there.get(f"a-{i}"), there.get(f"z-{i}"), there.get(f"moving-{i}")
            for state in self.may_be[i]:
                if got == (*(self.states[state] or (None, None)), state and "a cdn"):
                    self.may_be[i] = {state}
                    break
            else:
                raise Lost(f"slot {i} is {got}, expected {' or '.join(map(str, self.may_be[i]))}")


class Table:
    """Table files; each one replaces the set by one of another size and content."""

    def __init__(self):
        self.version = 0
        self.may_be = [{}]

    def load(self):
        rpc = Rpc(path, 20)
        while True:
            self.version += 1
            size = dice.choice((5, 700, 3000))
            table = {f"bulk-{i}": str(self.version) for i in range(size)}
            with open(f"{folder}/bulk.jsonl", "w", encoding="ascii") as file:
                for name, value in table.items():
                    file.write('{"scope":%s}\n' % str(scope(name, value)).replace("'", '"'))
            self.may_be.append(table)
            counts["table files begun"] += 1
            try:
                rpc.call("apply", file=f"{folder}/bulk.jsonl", replace=True)
                self.may_be = [table]
                counts["table files taken"] += 1
            except Refused as refused:
                # The others got in its way, as it says; then nothing of it may be there.
                if "try again" not in "".join(refused.lines()):
                    raise
                self.may_be.remove(table)
                counts["table files refused"] += 1

    def check(self, there):
        got = {name: value for name, value in there.items() if name.startswith("bulk-")}
        if got not in self.may_be:
            values = collections.Counter(got.values())
            raise Lost(f"{len(got)} scopes of a table file, of the versions {dict(values)}, expected one of {len(self.may_be)} versions")
        self.may_be = [got]


class Save:
    """The file has to be whole, whatever happens, and never has half a commit."""

    file = f"{folder}/saved.conf"

    def load(self):
        rpc = Rpc(path, 20)
        while True:
            rpc.call("save", file=self.file)
            counts["saves"] += 1

    def check(self, _):
        if not os.path.exists(self.file):
            return
        tested = subprocess.run([turnoutd, "-t", "-c", self.file], capture_output=True, text=True, check=False)
        if tested.returncode:
            raise Lost(f"what was saved is no configuration: {tested.stderr}")
        with open(self.file, encoding="utf-8") as file:
            found = re.findall(r'"(left|right)-(\d+)\.cdn\.example"[^/]*"/(\d+)/"', file.read())
        sides = [{i: value for side, i, value in found if side == which} for which in ("left", "right")]
        if sides[0] != sides[1] or not sides[0]:
            raise Lost("half a commit was saved")


def run(load):
    try:
        load()
    except OSError:
        pass
    except Refused as refused:
        if refused.code != METHOD_NOT_FOUND:
            faults.append("\n".join(refused.lines()))


def objects_of(rpc):
    found, scopes = {}, 0
    for one in rpc.call("show.cdns", limit=10000)["cdns"]:
        found[one["name"]] = "a cdn"
    while True:
        page = rpc.call("show.scopes", limit=10000, offset=scopes)
        for one in page["scopes"]:
            found[one["scope"]["name"]] = one["scope"]["paths"][0].strip("/")
        scopes += len(page["scopes"])
        if scopes >= page["total"]:
            return found


def one_round(parts):
    """Starts it, looks whether all is there, puts load on it, kills it."""
    daemon = Daemon()
    if dice.random() < 0.1:
        time.sleep(dice.random() * 0.4)
        daemon.kill()
        counts["kills while it starts"] += 1
        return
    rpc = daemon.wait()
    there = objects_of(rpc)
    for part in parts:
        part.check(there)
    generation = rpc.call("status")["view"]["generation"]
    if generation <= acknowledged[0]:
        raise Lost(f"generation {generation} after {acknowledged[0]} was acknowledged")
    more = (table, None, save, table)[counts["kills under load"] % 4]
    loads = [part for part in (*parts[:3], more) if part]
    threads = [threading.Thread(target=run, args=(part.load,), daemon=True) for part in loads]
    for thread in threads:
        thread.start()
    time.sleep(dice.random() ** 2 * 0.3)
    daemon.kill()
    counts["kills under load"] += 1
    for thread in threads:
        thread.join(20)
    rpc.close()
    if faults:
        raise Lost(f"refused under load: {faults[0]}")


acknowledged, faults = [0], []
table, save = Table(), Save()
everything = [Pairs(0), Pairs(PAIRS), Moves(), table, save]
print(f"seed {seed}", flush=True)
try:
    while counts["kills under load"] < times:
        one_round(everything)
    last = Daemon()
    found = objects_of(last.wait())
    for each in everything:
        each.check(found)
    last.kill()
except Lost as lost:
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    sys.exit(f"seed {seed}: {lost}")
print(", ".join(f"{n} {what}" for what, n in counts.items()))
