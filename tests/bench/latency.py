#!/usr/bin/env python3
# latency - how long answers take: loadgen asks turnoutd over shared memory, closed loop and at 20, 50 and 80 % of the rate found so.
# SPDX-License-Identifier: BSD-3-Clause
#
#   latency.py [--quick] [--rounds N] [--json FILE]          as scripts/bench --latency
#
# Two processes, a CPU each, and a vhost ring between them (net_virtio_user, net_vhost): no kernel, no wire. At a fixed rate each request is
# timed from the moment that it was meant to be sent, so waits are not left out when the generator was late, too. Of this time the service time
# is the part from before the worker takes a burst until after it gave the answers away (`show cycles`); the rest is the rings, the copies,
# and the turn of both loops. A request over HTTP is a whole connection: its time is from SYN to redirect.
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from common import (
    BUILD, COOKIE_KEY, Failure, Hugepages, describe_machine, end_on_signals, end_with_parent, machine_line, make_row, pick_cpus,
    print_rows, run, say, summary, tail,
)  # fmt: skip
from daemon import Daemon, write_conf

KINDS = {"dns": "DNS", "http": "HTTP, new connections"}
FLIGHTS = (16, 64, 256)
SHARES = (0.2, 0.5, 0.8)
SCOPES, MAC = 1000, "56:48:4f:53:54:00"  # that of the first port of net_vhost
SERVICE_P99 = 20  # us, wanted at 80 % of the load


class Bench:
    """The folder, the CPUs, and how long."""

    def __init__(self, folder, options, hugepages):
        self.folder, self.rounds, self.seconds = folder, options.rounds, 1 if options.quick else 5
        self.hugepages = hugepages
        self.worker_cpu, self.client_cpu = pick_cpus()
        self.setup = {
            "hugepages": hugepages, "prefix": f"latency{os.getpid()}", "vdev": f"net_vhost0,iface={folder}/vhost.sock,queues=1",
            "worker_cpu": self.worker_cpu, "control_cpu": self.client_cpu, "memory": 256, "mbufs": 16384,
        }  # fmt: skip
        write_conf(folder, self.setup)
        for what in ("table", *KINDS):
            with (folder / f"{what}.{'jsonl' if what == 'table' else 'pcap'}").open("wb") as out:
                run(BUILD / "make_requests", what, "--scopes", SCOPES, *(["--mac", MAC, "--key", COOKIE_KEY] if what in KINDS else []),
                    stdout=out)  # fmt: skip


def generate(bench, kind, *options):
    """The report of loadgen."""
    prefix, log = bench.setup["prefix"] + "-loadgen", bench.folder / "loadgen.log"
    command = [
        BUILD / "tests" / "loadgen", "--no-pci", "--no-telemetry", *(("--in-memory", "--single-file-segments") if bench.hugepages
        else ("--no-huge",)), "-m", 128, f"--file-prefix={prefix}", f"--lcores=0@{bench.client_cpu}", "--log-level=1",
        f"--vdev=net_virtio_user0,path={bench.folder}/vhost.sock", "--", "--requests", bench.folder / f"{kind}.pcap", "--json",
        "--warm-up", 0.2, "--timeout", 1, "--quiet", *options,
    ]  # fmt: skip
    try:
        with log.open("w") as errors:
            done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=errors, text=True, timeout=60,
                                  preexec_fn=end_with_parent)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failure(f"loadgen does not end:{tail(log)}") from None
    finally:
        shutil.rmtree(f"/run/dpdk/{prefix}", ignore_errors=True)
    if done.returncode:
        raise Failure(f"loadgen ended with code {done.returncode}:{tail(log)}")
    report = json.loads(done.stdout)
    if report["wrong"] or not report["answered"]:
        raise Failure(f"not every answer was right: {report}")
    return report


def one_run(bench, kind, *options):
    """With a turnoutd of its own, as what that tells of its bursts counts from its start."""
    with Daemon(bench.folder, bench.setup) as daemon:
        report = generate(bench, kind, "--seconds", bench.seconds, *options)
        cycles = daemon.call("show.cycles")
    of_all = cycles["all"]
    report["service"] = {p: of_all[f"service-{p}"] for p in ("p50", "p99", "p99.9", "max")}
    packets = 1 if kind == "dns" else 3  # SYN, GET, FIN
    report["busy"] = report["rate"] * packets * of_all["sum"] / cycles["tsc-hz"]
    return report


def at(report, percent):
    return next(us for p, us in report["percentiles"] if p == percent)


def loads_of(bench, kind):
    """Closed loop with one request, then with ever more until the rate is highest, then fixed rates below that."""
    runs = {"one at a time": one_run(bench, kind, "--flight", 1)}
    closed = [one_run(bench, kind, "--flight", n) for n in FLIGHTS]
    best = max(closed, key=lambda r: r["rate"])
    runs[f"{FLIGHTS[closed.index(best)]} at a time"] = best
    for share in SHARES:
        runs[f"{share:.0%}"] = one_run(bench, kind, "--rate", max(1, int(best["rate"] * share)))
    return runs


def measure(bench):
    """A result for each kind and load; percentiles are medians over the rounds."""
    taken = {}
    for i in range(bench.rounds):
        for kind in KINDS:
            for load, report in loads_of(bench, kind).items():
                taken.setdefault((kind, load), []).append(report)
                say(f"bench: {KINDS[kind]}, {load}, round {i + 1} of {bench.rounds}: {report['rate']:,.0f} a second, "
                    f"median {at(report, 50):.1f} us, 99 % {at(report, 99):.1f} us; within the worker {report['service']['p50']:.1f}, "
                    f"{report['service']['p99']:.1f} us; {report['timeouts']} lost")  # fmt: skip
    return [make_result(kind, load, reports) for (kind, load), reports in taken.items()]


def make_result(kind, load, reports):
    points = [p for p, _ in reports[0]["percentiles"]]
    return {
        "kind": kind, "load": load, "rate": summary([r["rate"] for r in reports]), "busy": summary([r["busy"] for r in reports]),
        "sent": sum(r["sent"] for r in reports), "lost": sum(r["timeouts"] for r in reports),
        **{f"p{p:g}": summary([at(r, p) for r in reports]) for p in (50, 99, 99.9)},
        "service": {p: summary([r["service"][p] for r in reports]) for p in reports[0]["service"]},
        "percentiles": [[p, summary([at(r, p) for r in reports])["median"]] for p in points],
    }  # fmt: skip


def targets(results):
    rows = []
    for r in results:
        if r["load"] == f"{SHARES[-1]:.0%}":
            p99 = r["service"]["p99"]
            rows.append(make_row(f"{KINDS[r['kind']]}: 99 % of the service times in the worker at {r['load']} of the load",
                                 f"{spread(p99)} us", f"under {SERVICE_P99} us", p99["median"] < SERVICE_P99))  # fmt: skip
    return rows


def spread(runs):
    return f"{runs['median']:,.1f} ({runs['min']:,.1f} to {runs['max']:,.1f})"


def print_results(results):
    print("Microseconds from the moment that a request was meant for; median (lowest to highest) of the rounds. Two processes, vhost ring.\n")
    print("| requests | load | thousand/s | worker busy | 50 % | 99 % | 99.9 % | of it in the worker: 50 % | 99 % | lost |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in results:
        print(f"| {KINDS[r['kind']]} | {r['load']} | {r['rate']['median'] / 1e3:,.1f} | {r['busy']['median']:.0%} | {spread(r['p50'])} "
              f"| {spread(r['p99'])} | {spread(r['p99.9'])} | {spread(r['service']['p50'])} | {spread(r['service']['p99'])} "
              f"| {r['lost'] / r['sent']:.3%} |")  # fmt: skip
    print()
    print_rows(targets(results))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --latency", description="latencies, over a vhost ring")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, default=None, help="how often (5; with --quick 1)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    end_on_signals()
    with Hugepages() as hugepages, tempfile.TemporaryDirectory(prefix="turnout-latency.") as name:
        bench = Bench(pathlib.Path(name), options, hugepages.used)
        machine = describe_machine(hugepages.used)
        results = measure(bench)
    print(f"On: {machine_line(machine)}.")
    print_results(results)
    if options.json:
        text = json.dumps({"machine": machine, "latency": results, "latency-targets": targets(results)}, indent=1)
        pathlib.Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
