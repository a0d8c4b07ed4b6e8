#!/usr/bin/env python3
# recursion - what it costs that another CDN is asked: the rate of answers that are kept beside that of DRIs that are known, and how many
# questions hot keys need.
# SPDX-License-Identifier: BSD-3-Clause
#
# CDN A reads an endless pcap of DNS queries in memory on one core, and sends them to CDN B: iteratively, as a DRI in its tables says, or
# recursively, as B says when it is asked over HTTP on the loopback. Both take turns, A B A B; the figures are medians. A second is a
# second of CPU time of the worker.
import argparse
import os
import time

from common import (
    BUILD, COOKIE_KEY, Failure, describe_machine, end_with, machine_line, make_row, millions, pick_cpus, print_rows, read_options, run,
    say, summary, workplace, write_json,
)  # fmt: skip
from daemon import Daemon, rate_of_worker

PACKETS, KEYS, TTL, PORT = 32768, 1000, 10, 18443

CONF = """
eal = {{ hugepages = {hugepages}; memory = {memory}; prefix = "{prefix}"; }};
workers = {{ count = 1; cpus = [ {worker_cpu} ]; control-cpu = {control_cpu}; idle = "{idle}"; }};
ports = ( {{ name = "p0"; vdev = "{vdev}"; addresses = [ "192.0.2.1" ]; mbufs = {mbufs}; }} );
tcp = {{ cookie-keys = [ "{key}" ]; }};
control = {{ socket = "{folder}/turnout.sock"; }};
zones = ( {{ name = "cdn.example"; servers = ( {{ name = "ns1.cdn.example"; addresses = [ "192.0.2.1" ]; }} ); }} );
{rest}
"""
ASKS = """
interconnection = {{ provider-id = "AS64500:1"; }};
peers = ( {{ name = "b"; roles = [ "downstream" ]; plain-http = true; address = "127.0.0.1"; provider-id = "AS64501:1";
  redirection = "http://127.0.0.1:{port}/ri"; }} );
cdns = ( {{ name = "b"; provider-id = "AS64501:1"; strategy = "{strategy}"; }} );
dris = ( {{ cdn = "b"; dns-target = {{ addresses = [ "203.0.113.9" ]; ttl = {ttl}; }}; }} );
scopes = ( {{ name = "all"; hosts = [ "*.cdn.example" ]; candidates = ( {{ cdn = "b"; }} ); }} );
"""
ANSWERS = """
interconnection = {{ provider-id = "AS64501:1"; listen-plain = [ "127.0.0.1:{port}" ]; }};
peers = ( {{ name = "a"; roles = [ "upstream" ]; plain-http = true; address = "127.0.0.1"; provider-id = "AS64500:1"; disclose = "nodes";
  limits = {{ requests-per-second = 1000000; }}; }} );
nodes = ( {{ name = "n"; }} );
dris = ( {{ node = "n"; dns-target = {{ addresses = [ "203.0.113.9" ]; ttl = {ttl}; }}; }} );
scopes = ( {{ name = "all"; hosts = [ "*.cdn.example" ]; candidates = ( {{ node = "n"; }} ); }} );
"""


def daemon(folder, setup, rest, **more):
    folder.mkdir(exist_ok=True)
    whole = {**setup, **more}
    (folder / "bench.conf").write_text(CONF.format(**whole, key=COOKIE_KEY, folder=folder, rest=rest))
    return Daemon(folder, whole)


def asker(bench, setup, strategy):
    return daemon(bench / "a", setup, ASKS.format(port=PORT, ttl=TTL, strategy=strategy))


def sent(a):
    return a.call("show.peer", {"name": "b"})["asking"]["sent"]


def ready(a):
    """Until all keys were asked for."""
    limit, before = time.monotonic() + 60, -1
    while time.monotonic() < limit:
        kept = a.call("show.recursion")["kept"]
        if kept and kept == before:
            return kept
        before = kept
        time.sleep(0.5)
    raise Failure("the answers of CDN B do not come to an end")


def measure_hits(bench, setup, options, rows):
    rates = {"iterative": [], "semi-recursive": []}
    for i in range(options.rounds):
        for strategy, runs in rates.items():
            with asker(bench, setup, strategy) as a:
                if strategy != "iterative":
                    ready(a)
                time.sleep(0.5)
                runs.append(rate_of_worker(a, options.seconds))
        say(f"bench: recursion, round {i + 1} of {options.rounds}: "
            + ", ".join(f"{strategy} {runs[-1] / 1e6:.2f} M/s" for strategy, runs in rates.items()))  # fmt: skip
    known, asked = summary(rates["iterative"]), summary(rates["semi-recursive"])
    ratio = asked["median"] / known["median"]
    rows.append(make_row("DRI in the tables, M/s", millions(known)))
    rows.append(make_row("DRI kept from an answer, M/s", millions(asked), "at least 0.90 of that", ratio >= 0.9, ratio=ratio))
    rows.append(make_row("ratio", f"{ratio:.2f}"))


def measure_questions(bench, setup, options, rows):
    with asker(bench, setup, "semi-recursive") as a:
        keys = ready(a)
        before, packets, began = sent(a), a.counters()[0], time.perf_counter()
        time.sleep(options.lives * TTL)
        took = time.perf_counter() - began
        questions, rate = sent(a) - before, (a.counters()[0] - packets) / took
        worker = a.call("show.workers")["workers"][0]
    each = questions / keys / (took / TTL)
    rows.append(make_row(f"questions for each of {keys} keys and {TTL} s, at {rate / 1e6:.2f} M requests/s", f"{each:.3f}", "under 1",
                         each < 1, questions=questions, seconds=took))  # fmt: skip
    rows.append(make_row("requests that had to wait meanwhile", worker["parked"] - keys, note="of all since the start"))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --recursion")
    options = read_options(parser, 5, 3)
    options.seconds, options.lives = (1, 2) if options.quick else (3, 6)
    rows = []
    with workplace() as (bench, hugepages):
        worker_cpu, control_cpu = pick_cpus()
        common = {"hugepages": "true" if hugepages else "false", "worker_cpu": worker_cpu, "control_cpu": control_cpu}
        with (bench / "requests.pcap").open("wb") as out:
            run(BUILD / "make_requests", "dns", "--scopes", 2 * KEYS, "--count", PACKETS, stdout=out)
        a = {**common, "memory": 300, "mbufs": 65535, "prefix": f"bench{os.getpid()}a", "idle": "poll",
             "vdev": f"net_pcap0,rx_pcap={bench}/requests.pcap,infinite_rx=1"}  # fmt: skip
        b = {**common, "memory": 64, "mbufs": 4096, "prefix": f"bench{os.getpid()}b", "idle": "sleep", "vdev": "net_ring0", "worker_cpu": control_cpu}
        with daemon(bench / "b", b, ANSWERS.format(port=PORT, ttl=TTL)):
            measure_hits(bench, a, options, rows)
            measure_questions(bench, a, options, rows)
        machine = describe_machine(hugepages)
    print(f"One worker on one core of: {machine_line(machine)}.\n")
    print_rows(rows)
    write_json(options, {"machine": machine, "rows": rows})


end_with("bench", main)
