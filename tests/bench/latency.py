# latency - how long answers take: loadgen asks turnoutd over shared memory, closed loop and at 20, 50 and 80 % of the rate found so.
# SPDX-License-Identifier: BSD-3-Clause
#
# Two processes, a CPU each, and a vhost ring between them (net_virtio_user, net_vhost): no kernel, no wire. At a fixed rate each request is
# timed from the moment that it was meant to be sent, so waits are not left out when the generator was late, too. Of this time the service time
# is the part from before the worker takes a burst until after it gave the answers away (`show cycles`); the rest is the rings, the copies,
# and the turn of both loops. A request over HTTP is a whole connection: its time is from SYN to redirect.
import json
import shutil
import subprocess

from common import BUILD, COOKIE_KEY, Failure, dpdk_folder, eal_memory, end_with_parent, make_row, print_rows, run, summary, tail
from daemon import Daemon, write_conf

KINDS = {"dns": "DNS", "http": "HTTP, new connections"}
FLIGHTS, QUICK_FLIGHTS = (16, 64, 256), (64, 256)
SHARES = (0.2, 0.5, 0.8)
SCOPES, MAC = 1000, "56:48:4f:53:54:00"  # that of the first port of net_vhost
SERVICE_P99 = 20  # us, wanted at 80 % of the load


class Ring:
    """A folder with a table, requests, and the socket at which turnoutd and loadgen meet; how long runs are."""

    def __init__(self, bench):
        self.folder = bench.folder / "latency"
        self.folder.mkdir()
        self.seconds, self.flights = (0.5, QUICK_FLIGHTS) if bench.quick else (5, FLIGHTS)
        self.setup = {**bench.setup, "vdev": f"net_vhost0,iface={self.folder}/vhost.sock,queues=1", "memory": 256, "mbufs": 16384}
        write_conf(self.folder, self.setup)
        for what in ("table", *KINDS):
            with (self.folder / f"{what}.{'jsonl' if what == 'table' else 'pcap'}").open("wb") as out:
                run(BUILD / "make_requests", what, "--scopes", SCOPES, *(["--mac", MAC, "--key", COOKIE_KEY] if what in KINDS else []),
                    stdout=out)  # fmt: skip


def generate(ring, kind, *options):
    """The report of loadgen."""
    prefix, log = ring.setup["prefix"] + "-loadgen", ring.folder / "loadgen.log"
    command = [
        BUILD / "tests" / "loadgen", "--no-pci", "--no-telemetry", *eal_memory(ring.setup, 128), f"--file-prefix={prefix}",
        f"--lcores=0@{ring.setup['control_cpu']}", "--log-level=1", f"--vdev=net_virtio_user0,path={ring.folder}/vhost.sock", "--",
        "--requests", ring.folder / f"{kind}.pcap", "--json", "--warm-up", 0.2, "--timeout", 1, "--quiet", *options,
    ]  # fmt: skip
    try:
        with log.open("w") as errors:
            done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=errors, text=True, timeout=60,
                                  preexec_fn=end_with_parent)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failure(f"loadgen does not end:{tail(log)}") from None
    finally:
        shutil.rmtree(dpdk_folder(prefix), ignore_errors=True)
    if done.returncode:
        raise Failure(f"loadgen ended with code {done.returncode}:{tail(log)}")
    report = json.loads(done.stdout)
    if report["wrong"] or not report["answered"]:
        raise Failure(f"not every answer was right: {report}")
    return report


def one_run(ring, kind, *options):
    """With a turnoutd of its own, as what that tells of its bursts counts from its start."""
    with Daemon(ring.folder, ring.setup) as daemon:
        report = generate(ring, kind, "--seconds", ring.seconds, *options)
        cycles = daemon.call("show.cycles")
    of_all = cycles["all"]
    report["service"] = {p: of_all[f"service-{p}"] for p in ("p50", "p99", "p99.9", "max")}
    packets = 1 if kind == "dns" else 3  # SYN, GET, FIN
    report["busy"] = report["rate"] * packets * of_all["sum"] / cycles["tsc-hz"]
    return report


def at(report, percent):
    return next(us for p, us in report["percentiles"] if p == percent)


def loads_of(ring, kind):
    """Closed loop with one request, then with ever more until the rate is highest, then fixed rates below that."""
    yield "one at a time", one_run(ring, kind, "--flight", 1)
    closed = {n: one_run(ring, kind, "--flight", n) for n in ring.flights}
    most = max(closed, key=lambda n: closed[n]["rate"])
    yield f"{most} at a time", closed[most]
    for share in SHARES:
        yield f"{share:.0%}", one_run(ring, kind, "--rate", max(1, int(closed[most]["rate"] * share)))


def measure(bench):
    """A result for each kind and load; percentiles are medians over the rounds."""
    ring, taken = Ring(bench), {}
    for i in range(1 if bench.quick else bench.rounds):
        for kind in KINDS:
            for load, report in loads_of(ring, kind):
                taken.setdefault((kind, load), []).append(report)
                bench.say(f"{KINDS[kind]}, {load}, round {i + 1}: {report['rate']:,.0f} a second, median {at(report, 50):.1f} us, "
                          f"99 % {at(report, 99):.1f} us; within the worker {report['service']['p50']:.1f}, "
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


def show(results):
    print("\n## Latency\n")
    print("Microseconds from the moment that a request was meant for; median (lowest to highest) of the rounds. Two processes, vhost ring.\n")
    print("| requests | load | thousand/s | worker busy | 50 % | 99 % | 99.9 % | of it in the worker: 50 % | 99 % | lost |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in results:
        print(f"| {KINDS[r['kind']]} | {r['load']} | {r['rate']['median'] / 1e3:,.1f} | {r['busy']['median']:.0%} | {spread(r['p50'])} "
              f"| {spread(r['p99'])} | {spread(r['p99.9'])} | {spread(r['service']['p50'])} | {spread(r['service']['p99'])} "
              f"| {r['lost'] / r['sent']:.3%} |")  # fmt: skip
    print()
    print_rows(targets(results))
