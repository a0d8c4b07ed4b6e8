#!/usr/bin/env python3
# bench - requests per second of one worker of turnoutd, beside dpdk-testpmd that swaps addresses of the same packets.
# SPDX-License-Identifier: BSD-3-Clause
#
# Both read an endless pcap in memory (net_pcap, infinite_rx) on one core and drop what they send after counting it. They
# take turns, A B A B; the figures are medians. A second is a second of CPU time of the polling thread. The ratio says what
# is left of the rate of a program that does nothing but swap addresses when each packet is a request that is parsed,
# matched and answered.
import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from common import (
    BUILD, COOKIE_KEY, MBUFS, MEMORY, Failure, Hugepages, describe_machine, end, end_on_signals, end_with_parent,
    machine_line, millions, pick_cpus, run, say, summary, tail, worker_seconds,
)  # fmt: skip
from daemon import Daemon, rate_of_worker, write_conf

PACKETS = 32768


# --- B: testpmd --------------------------------------------------------------------------------------------------------


def received(prefix):
    """What DPDK's telemetry says of the port; None as long as there is none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(5)
            s.connect(f"/run/dpdk/{prefix}/dpdk_telemetry.v2")
            s.recv(4096)
            s.send(b"/ethdev/stats,0")
            return json.loads(s.recv(65536))["/ethdev/stats"]["ipackets"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def measure_testpmd(folder, seconds, setup):
    log, prefix = folder / "testpmd.log", setup["prefix"] + "-pmd"
    command = [
        "dpdk-testpmd", "--no-pci", "--in-memory" if setup["hugepages"] else "--no-huge", "-m", str(MEMORY),
        f"--file-prefix={prefix}", f"--lcores=0@{setup['control_cpu']},1@{setup['worker_cpu']}", f"--vdev={setup['vdev']}", "--",
        "--forward-mode=5tswap", "--nb-cores=1", "--auto-start", "--no-lsc-interrupt", f"--total-num-mbufs={MBUFS}",
    ]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, preexec_fn=end_with_parent)
    try:
        limit = time.monotonic() + 60
        while not received(prefix):
            if process.poll() is not None or time.monotonic() > limit:
                raise Failure(f"testpmd does not forward:{tail(log)}")
            time.sleep(0.1)
        time.sleep(0.5)
        t0, rx0 = worker_seconds(process), received(prefix)
        time.sleep(seconds)
        t1, rx1 = worker_seconds(process), received(prefix)
    finally:
        end(process)
        shutil.rmtree(f"/run/dpdk/{prefix}", ignore_errors=True)
    return (rx1 - rx0) / (t1 - t0)


# --- the whole ---------------------------------------------------------------------------------------------------------


def measure_case(folder, kind, scopes, setup, options):
    a, b = [], []
    for i in range(options.rounds):
        with (folder / "requests.pcap").open("wb") as out:
            run(BUILD / "make_requests", kind, "--scopes", scopes, "--count", PACKETS, "--seed", i + 1, "--key", COOKIE_KEY, stdout=out)
        with Daemon(folder, setup) as daemon:
            time.sleep(0.5)
            a.append(rate_of_worker(daemon, options.seconds))
        b.append(measure_testpmd(folder, options.seconds, setup))
        say(f"bench: {kind}, {scopes} scopes, round {i + 1} of {options.rounds}: "
            f"turnoutd {a[-1] / 1e6:.2f} M/s, testpmd {b[-1] / 1e6:.2f} M/s")  # fmt: skip
    result = {"kind": kind, "scopes": scopes, "turnoutd": summary(a), "testpmd": summary(b)}
    result["ratio"] = result["turnoutd"]["median"] / result["testpmd"]["median"]
    return result


def print_results(machine, results):
    print(f"One worker on one core of: {machine_line(machine)}.")
    print("Million requests a second: median (lowest to highest).\n")
    print("| requests | scopes | turnoutd | testpmd 5tswap | ratio |")
    print("|---|---|---|---|---|")
    for r in results:
        kind = {"dns": "DNS with client subnet", "http": "HTTP GET, one segment"}[r["kind"]]
        print(f"| {kind} | {r['scopes']:,} | {millions(r['turnoutd'])} | {millions(r['testpmd'])} | {r['ratio']:.2f} |")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="one worker beside testpmd on the same packets")
    parser.add_argument("--quick", action="store_true", help="small table only, short runs")
    parser.add_argument("--rounds", type=int, default=None, help="turns of each program (5; with --quick 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.seconds = 1 if options.quick else 3
    end_on_signals()
    results = []
    with Hugepages() as hugepages, tempfile.TemporaryDirectory(prefix="turnout-bench.") as name:
        folder = pathlib.Path(name)
        worker_cpu, control_cpu = pick_cpus()
        setup = {
            "hugepages": hugepages.used, "prefix": f"bench{os.getpid()}", "worker_cpu": worker_cpu, "control_cpu": control_cpu,
            "vdev": f"net_pcap0,rx_pcap={folder}/requests.pcap,infinite_rx=1",
        }  # fmt: skip
        machine = describe_machine(hugepages.used)
        write_conf(folder, setup)
        for scopes in (1000,) if options.quick else (1000, 1000000):
            with (folder / "table.jsonl").open("wb") as out:
                run(BUILD / "make_requests", "table", "--scopes", scopes, stdout=out)
            for kind in ("dns", "http"):
                results.append(measure_case(folder, kind, scopes, setup, options))
    print_results(machine, results)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")


try:
    main()
except Failure as failure:
    sys.exit(f"bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
