#!/usr/bin/env python3
# tables - what large tables cost that change all the time: loading, changes, memory, restarts, and what workers notice of it.
# SPDX-License-Identifier: BSD-3-Clause
#
#   tables.py NETWORK [--quick] [--rounds N] [--only PART]... [--json FILE]
#
# Started by `scripts/bench --tables`, which makes the NETWORK: the namespaces NETWORK-router, with the link v0 for turnoutd, and
# NETWORK-client, on the same wire. turnoutd has one worker, on a CPU of its own; its control thread has another one, which it
# shares with the programs that ask it when there are only two.
import argparse
import os
import pathlib
import signal
import socket
import time

from common import (
    BUILD, COOKIE_KEY, Failure, describe_machine, end_with, machine_line, make_row, millions, percentiles, pick_cpus, print_rows,
    read_options, run, say, summary, workplace, write_json,
)  # fmt: skip
from changes import CDNS, Background, endless_changes, host_scope
from daemon import Daemon, put_line, rate_of_worker, write_conf
from question import ADDRESS, dns_answer, dns_query, socket_in

PACKETS = 32768
KINDS = {"dns": "DNS with client subnet", "http": "HTTP GET, one segment"}


class Sizes:
    def __init__(self, quick):
        self.scopes = 20000 if quick else 1000000
        self.lookups = (1000, 20000) if quick else (1000, 100000, 1000000)
        self.probes = 300 if quick else 5000
        self.sustained = 3 if quick else 60
        self.changes = 20000 if quick else 1000000
        self.window = 0.5 if quick else 5
        self.rate = 10000


class Bench:
    """The folder, the machine, and the rows so far."""

    def __init__(self, folder, network, options, hugepages):
        self.folder, self.network, self.rounds, self.sizes = folder, network, options.rounds, Sizes(options.quick)
        self.quick = options.quick
        self.hosts = self.sizes.scopes // 2
        self.table = folder / "table.jsonl"
        self.worker_cpu, self.control_cpu = pick_cpus()
        self.setup = {
            "hugepages": hugepages, "prefix": network, "vdev": "net_ring0", "idle": "sleep", "memory": 128, "mbufs": 8192,
            "worker_cpu": self.worker_cpu, "control_cpu": self.control_cpu, "cdns": CDNS,
        }  # fmt: skip
        self.rows, self.lookups = [], []

    def row(self, figure, measured, wanted="", met=None, **values):
        self.rows.append(make_row(figure, measured, wanted, met, **values))
        say(f"bench: {figure}: {measured}" + ("" if met is None else f" ({'as' if met else 'NOT as'} wanted: {wanted})"))

    def daemon(self, **setup):
        """A turnoutd with that added to its setup, on a state file of its own if it has one."""
        before = setup.pop("before", ())
        whole = {**self.setup, "tables": [self.table.name], **setup}
        if "state" in whole:
            for file in self.folder.glob(pathlib.Path(whole["state"]).name + "*"):
                file.unlink()
        write_conf(self.folder, whole)
        return Daemon(self.folder, whole, before)

    def make_table(self, scopes):
        with self.table.open("wb") as out:
            run(BUILD / "make_requests", "table", "--scopes", scopes, "--prefixes", scopes, stdout=out)


def ms(seconds):
    return f"{seconds * 1e3:.2f} ms" if seconds < 10 else f"{seconds:.1f} s"


def mib(value):
    return f"{value:,.0f} MiB"


# --- loading -----------------------------------------------------------------------------------------------------------


def cold_load(bench):
    """One core for everything: EAL's own start is in it, and told beside it."""
    cpu = bench.worker_cpu
    starts = {"empty": [], "full": []}
    with bench.daemon(tables=[]):
        pass  # the first one has the programs and pages to fetch
    for _ in range(bench.rounds):
        for name, tables in (("empty", []), ("full", [bench.table.name])):
            before = ("taskset", "-c", cpu)
            with bench.daemon(tables=tables, control_cpu=cpu, before=[str(b) for b in before]) as daemon:
                starts[name].append((daemon.started_in, daemon.cpu_seconds(), *daemon.memory()))
    clock, cpu_time, resident, peak = (summary(values) for values in zip(*starts["full"]))
    empty_clock, empty_cpu, empty_resident, _ = (summary(values) for values in zip(*starts["empty"]))
    bench.row(f"cold load of {bench.sizes.scopes:,} scopes and {bench.sizes.scopes:,} prefixes, one core: clock",
              f"{clock['median']:.2f} s (start without a table: {empty_clock['median']:.2f} s)", "< 10 s", clock["median"] < 10,
              clock=clock, empty=empty_clock)  # fmt: skip
    bench.row("cold load: CPU", f"{cpu_time['median']:.2f} s (without a table: {empty_cpu['median']:.2f} s)", "< 10 s",
              cpu_time["median"] < 10, cpu=cpu_time, empty=empty_cpu)  # fmt: skip
    bench.row("cold load: memory", f"peak {mib(peak['max'])}, then {mib(resident['max'])} "
              f"(without a table: {mib(empty_resident['max'])})", "< 2 GiB", peak["max"] < 2048,
              peak=peak, resident=resident)  # fmt: skip


def apply_once(bench, daemon, what):
    with daemon.slowest_status() as status:
        began, cpu = time.perf_counter(), daemon.cpu_seconds()
        result = daemon.call("apply", {"file": str(bench.table)})
        took, cpu = time.perf_counter() - began, daemon.cpu_seconds() - cpu
    slowest = percentiles(status.times)
    bench.row(f"apply of the file over the socket, {what}",
              f"{took:.2f} s, {cpu:.2f} s of CPU; {result['added']:,} added, {result['changed']:,} changed, "
              f"{result['unchanged']:,} unchanged",
              clock=took, cpu=cpu, result=result)  # fmt: skip
    bench.row("slowest answer to `status` meanwhile", f"{ms(slowest['max'])} (median {ms(slowest['median'])}, "
              f"{slowest['n']} asked)", "< 50 ms", slowest["max"] < 0.05, status=slowest)  # fmt: skip


def apply_file(bench):
    with bench.daemon(tables=[], state=bench.folder / "apply.db") as daemon:
        apply_once(bench, daemon, "durable")
        resident, peak = daemon.memory()
        bench.row("memory after it", f"peak {mib(peak)}, now {mib(resident)}", resident=resident, peak=peak)
        apply_once(bench, daemon, "again, nothing new in it")


# --- restarts ----------------------------------------------------------------------------------------------------------


class Client:
    """Asks by DNS over the wire."""

    def __init__(self, network):
        self.socket = socket_in(f"{network}-client", socket.SOCK_DGRAM)
        self.socket.connect((ADDRESS, 53))
        self.number = 0

    def ask(self, host, timeout):
        """The target of the host, or None when there is no answer."""
        self.number = self.number % 65535 + 1
        self.socket.settimeout(timeout)
        self.socket.send(dns_query(f"h{host}.cdn.example", self.number))
        try:
            while True:
                number, _, target, _ = dns_answer(self.socket.recv(2048))
                if number == self.number:
                    return target
        except OSError:
            return None


def start_to_answer(bench, daemon, client):
    """Seconds from exec to the first answer."""
    daemon.start()
    while not client.ask(bench.hosts - 1, 0.002):
        daemon.check()
        if time.perf_counter() - daemon.began > 300:
            raise Failure("turnoutd does not answer within 300 seconds")
    took = time.perf_counter() - daemon.began
    daemon.wait()
    return took


def restart(bench, daemon, client, what):
    for number, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGKILL, "kill -9")):
        starts, ends = [], []
        for _ in range(bench.rounds):
            daemon.settle()
            ends.append(daemon.stop(number))
            starts.append(start_to_answer(bench, daemon, client))
        starts, ends = summary(starts), summary(ends)
        bench.row(f"exec to first DNS answer after {name}{what}",
                  f"{starts['median']:.2f} s (highest {starts['max']:.2f} s; it took {ends['median']:.2f} s to end)", "< 3 s",
                  starts["median"] < 3, start=starts, end=ends)  # fmt: skip


# --- changes -----------------------------------------------------------------------------------------------------------


def only_target(host, cdn):
    return put_line("scope", f"host-{host}", f'"hosts":["h{host}.cdn.example"],"candidates":[{{"cdn":"cdn-{cdn}"}}]')


def new_scope(i):
    return put_line("scope", f"new-{i}", f'"hosts":["new{i}.cdn.example"],"candidates":[{{"cdn":"cdn-{i % CDNS}"}}]')


def remove_scope(i):
    return b'{"jsonrpc":"2.0","id":1,"method":"remove","params":{"kind":"scope","name":"new-%d"}}\n' % i


def run_commits(daemon, stream):
    """Every answer has to be that of a commit of its own."""
    before = daemon.call("status")["view"]["generation"]
    stream.run()
    commits = daemon.call("status")["view"]["generation"] - before
    if commits != len(stream.times):
        raise Failure(f"{len(stream.times)} changes were answered, but made {commits} commits")
    return stream


def visible(bench, daemon, client):
    """One at a time: the change, its answer, and at once a question to the worker about it. A worker takes the newest view with each
    burst, so the first answer after that of `put` has to be new, and its arrival is the latest time at which the change was
    visible. The way of a question there and back is in it, and told beside it."""
    n, put, seen, bare, stale = bench.sizes.probes, [], [], [], 0
    for i in range(n):
        host = i * 7919 % bench.hosts
        old = client.ask(host, 1)
        cdn = (int(old.split("cdn-")[1]) + 1) % CDNS
        line = only_target(host, cdn)
        began = time.perf_counter()
        daemon.control.exchange(line)
        put.append(time.perf_counter() - began)
        while (now := client.ask(host, 1)) != f"vod.cdn-{cdn}":
            stale += 1
            if stale > n or now is None:
                raise Failure(f"the change of {host} is not visible: {now} in place of cdn-{cdn}")
        seen.append(time.perf_counter() - began)
        asked = time.perf_counter()
        client.ask(host, 1)
        bare.append(time.perf_counter() - asked)
    daemon.stream(iter([host_scope(i * 7919 % bench.hosts, i * 7919 % bench.hosts) for i in range(n)])).run()
    put, seen, bare = percentiles(put), percentiles(seen), percentiles(bare)
    bench.row("one durable change, request to answer (published by then)", f"median {ms(put['median'])}, 99 % {ms(put['p99'])}",
              "median < 1 ms", put["median"] < 0.001, put=put)  # fmt: skip
    bench.row("one change, request to the arrival of the first DNS answer that shows it",
              f"median {ms(seen['median'])}, 99 % {ms(seen['p99'])} (a question alone: {ms(bare['median'])}, {ms(bare['p99'])})",
              "median < 1 ms", seen["median"] < 0.001, seen=seen, question=bare)  # fmt: skip
    bench.row("old answers after the answer of `put`", str(stale), "0", stale == 0, stale=stale)


def reload(bench, daemon):
    def once(what):
        with daemon.slowest_status() as status:
            began = time.perf_counter()
            result = daemon.call("reload")
            took = time.perf_counter() - began
        slowest = percentiles(status.times)
        bench.row(f"reload, {what}", f"{took:.2f} s; {result['changed']:,} changed, {result['unchanged']:,} unchanged; "
                  f"slowest `status` {ms(slowest['max'])}", "`status` < 50 ms", slowest["max"] < 0.05,
                  clock=took, result=result, status=slowest)  # fmt: skip

    once("nothing changed")
    lines = bench.table.read_bytes()
    at = lines.rindex(b'"cdn-') + 5
    changed = bench.folder / "changed.jsonl"
    changed.write_bytes(lines[:at] + (b"1" if lines[at : at + 1] == b"0" else b"0") + lines[at + 1 :])
    changed.rename(bench.table)
    once("one line changed")
    bench.table.write_bytes(lines)
    daemon.call("reload")


def sustained(bench, daemon):
    seconds, rate = bench.sizes.sustained, bench.sizes.rate
    daemon.settle()
    before, cpu = daemon.memory()[0], daemon.control_seconds()
    stream = run_commits(daemon, daemon.stream(endless_changes(bench.hosts, 0), rate=rate, seconds=seconds))
    cpu = daemon.control_seconds() - cpu
    daemon.settle()
    after, reached, times = daemon.memory()[0], stream.rate_reached(), percentiles(stream.times)
    bench.row(f"{rate:,} changes a second for {seconds} s, each a durable commit, one connection",
              f"{reached:,.0f} a second; answered in {ms(times['median'])} (median), {ms(times['p99'])} (99 %), "
              f"{ms(times['max'])} (slowest); control thread busy {cpu / stream.took:.0%}",
              f"{rate:,} a second", reached > 0.99 * rate, rate=reached, times=times, cpu=cpu)  # fmt: skip
    bench.row("memory before and after them", f"{mib(before)}, {mib(after)}", before=before, after=after)


def million(bench, daemon):
    """Half of them add a scope and half change one of the table; then all that the other way round, twice."""
    half = bench.sizes.changes // 2

    def there():
        for i in range(half):
            yield new_scope(i)
            yield host_scope(i % bench.hosts, i + 1, 5)

    def back():
        for i in range(half):
            yield remove_scope(i)
            yield host_scope(i % bench.hosts, i % bench.hosts)

    def memory():
        time.sleep(5)  # what is free is given back when nothing is going on
        daemon.settle()
        return daemon.memory()[0]

    def run_all(lines):
        rates.append(run_commits(daemon, daemon.stream(lines)).rate_reached())
        say(f"bench: {2 * half:,} changes at {rates[-1]:,.0f} a second, {daemon.memory()[0]:,.0f} MiB")

    count = daemon.call("status")["view"]["scopes"]
    before, between, after, rates = memory(), [], [], []
    for _ in range(2):
        run_all(there())
        between.append(memory())
        run_all(back())
        after.append(memory())
    if daemon.call("status")["view"]["scopes"] != count:
        raise Failure("after all changes were taken back there is another number of scopes")
    bench.row(f"{2 * half:,} changes as fast as they are answered, and back",
              f"{min(rates):,.0f} to {max(rates):,.0f} a second", rates=rates)  # fmt: skip
    bench.row("memory before, with them, without them again, and once more the same", ", ".join(
        mib(m) for m in (before, between[0], after[0], between[1], after[1])), "at the end at most 5 % over before",
        after[1] < 1.05 * before, before=before, between=between, after=after)  # fmt: skip


def live(bench):
    """All that needs a client on a wire."""
    setup = {"vdev": "net_af_packet0,iface=v0", "idle": "poll", "state": bench.folder / "live.db"}
    daemon = bench.daemon(before=("ip", "netns", "exec", f"{bench.network}-router"), **setup)
    client = Client(bench.network)
    try:
        first = start_to_answer(bench, daemon, client)
        bench.row("exec to first DNS answer, never started before", f"{first:.2f} s", start=first)
        restart(bench, daemon, client, "")
        visible(bench, daemon, client)
        reload(bench, daemon)
        sustained(bench, daemon)
        million(bench, daemon)
        restart(bench, daemon, client, ", with all those changes in the state file")
    finally:
        daemon.__exit__()


# --- what workers notice -----------------------------------------------------------------------------------------------


def make_requests(bench, kind, scopes, seed, *options):
    with (bench.folder / "requests.pcap").open("wb") as out:
        run(BUILD / "make_requests", kind, "--scopes", scopes, "--prefixes", scopes, "--count", PACKETS, "--seed", seed,
            "--key", COOKIE_KEY, *options, stdout=out)  # fmt: skip


def with_requests(bench, **setup):
    vdev = f"net_pcap0,rx_pcap={bench.folder}/requests.pcap,infinite_rx=1"
    return bench.daemon(vdev=vdev, idle="poll", memory=384, mbufs=2 * PACKETS - 1, **setup)


def quiet_and_changing(bench, kind):
    """A B A B in one process: the same requests while nothing changes, and while 10,000 things a second do."""
    make_requests(bench, kind, bench.sizes.scopes, 1)
    quiet, changing, rates = [], [], []
    with with_requests(bench, state=bench.folder / "changes.db") as daemon:
        daemon.settle()
        for i in range(max(bench.rounds, 2)):
            quiet.append(rate_of_worker(daemon, bench.sizes.window))
            stream = daemon.stream(endless_changes(bench.hosts, i), rate=bench.sizes.rate)
            with Background(stream):
                time.sleep(bench.sizes.window / 4)
                changing.append(rate_of_worker(daemon, bench.sizes.window))
            rates.append(stream.rate_reached())
            daemon.settle()
    quiet, changing, rates = summary(quiet), summary(changing), summary(rates)
    ratio = changing["median"] / quiet["median"]
    bench.row(f"worker, {KINDS[kind]}: quiet, and during {rates['median']:,.0f} changes a second",
              f"{millions(quiet)} M/s, {millions(changing)} M/s: {ratio:.1%}", "at least 95 %",
              ratio >= 0.95, quiet=quiet, changing=changing, changes=rates)  # fmt: skip


def lookups(bench, scopes):
    bench.make_table(scopes)
    rates = {(kind, zipf): [] for kind in KINDS for zipf in (False, True)}
    for i in range(bench.rounds):
        for kind, zipf in rates:
            make_requests(bench, kind, scopes, i + 1, *(["--zipf"] if zipf else []))
            with with_requests(bench) as daemon:
                time.sleep(0.3)
                rates[kind, zipf].append(rate_of_worker(daemon, bench.sizes.window))
    for kind in KINDS:
        uniform, zipf = summary(rates[kind, False]), summary(rates[kind, True])
        bench.lookups.append({"kind": kind, "scopes": scopes, "uniform": uniform, "zipf": zipf})
        say(f"bench: {kind}, {scopes:,} scopes: uniform {uniform['median'] / 1e6:.2f} M/s, Zipf {zipf['median'] / 1e6:.2f} M/s")


# --- the whole ---------------------------------------------------------------------------------------------------------


def print_results(bench, machine):
    print(f"One worker on one CPU, control on another, of: {machine_line(machine)}.")
    print(f"{bench.sizes.scopes:,} scopes, {bench.sizes.scopes:,} prefixes in footprints of 1,000.\n")
    print_rows(bench.rows)
    if not bench.lookups:
        return
    print(f"\nMillion requests a second, {PACKETS:,} different ones again and again: median (lowest to highest).\n")
    print("| requests | scopes and prefixes | uniform | Zipf (1.0) |")
    print("|---|---|---|---|")
    for r in bench.lookups:
        print(f"| {KINDS[r['kind']]} | {r['scopes']:,} | {millions(r['uniform'])} | {millions(r['zipf'])} |")


def workers(bench):
    for kind in KINDS:
        quiet_and_changing(bench, kind)


def all_lookups(bench):
    for scopes in bench.sizes.lookups:
        lookups(bench, scopes)


PARTS = {"load": cold_load, "apply": apply_file, "live": live, "workers": workers, "lookups": all_lookups}


def measure(bench, parts):
    everywhere = os.sched_getaffinity(0)
    bench.make_table(bench.sizes.scopes)
    for part in parts:
        os.sched_setaffinity(0, everywhere if part in ("load", "apply") else {bench.control_cpu})
        PARTS[part](bench)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --tables", description="large tables and their changes")
    parser.add_argument("network", help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given again")
    options = read_options(parser, 3, 1)
    with workplace(prefix=options.network) as (folder, hugepages):
        bench, machine = Bench(folder, options.network, options, hugepages), describe_machine(hugepages)
        measure(bench, options.only or PARTS)
    print_results(bench, machine)
    write_json(options, {"machine": machine, "scopes": bench.sizes.scopes, "figures": bench.rows, "lookups": bench.lookups})


end_with("bench", main)
