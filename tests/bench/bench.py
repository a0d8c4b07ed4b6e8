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
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
COOKIE_KEY = "000102030405060708090a0b0c0d0e0f"
PACKETS, MBUFS, MEMORY = 32768, 65535, 384
CONF = """
eal = {{ hugepages = {hugepages}; memory = {memory}; prefix = "{prefix}"; }};
workers = {{ count = 1; cpus = [ {worker_cpu} ]; control-cpu = {control_cpu}; idle = "poll"; }};
ports = ( {{ name = "p0"; vdev = "{vdev}"; addresses = [ "192.0.2.1" ]; mbufs = {mbufs}; }} );
tcp = {{ cookie-keys = [ "{key}" ]; }};
control = {{ socket = "{socket}"; }};
zones = ( {{ name = "cdn.example"; servers = ( {{ name = "ns1.cdn.example"; addresses = [ "192.0.2.1" ]; }} ); }} );
footprints = ( {{ name = "most"; footprints = ( {{ footprint-type = "ipv4cidr";
  footprint-value = [ "10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/10" ]; }} ); }} );
cdns = ( {cdns} );
dris = ( {dris} );
tables = [ "table.jsonl" ];
"""


class Failure(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


# --- the machine -------------------------------------------------------------------------------------------------------


class Hugepages:
    """Reserves pages for the two programs, and gives them back."""

    def __enter__(self):
        self.before, self.used = None, False
        need = MEMORY // 2 + 16
        try:
            self.before = int(HUGEPAGES.read_text())
            HUGEPAGES.write_text(str(self.before + need))
            self.used = int(HUGEPAGES.read_text()) >= self.before + need
        except OSError:
            pass
        if not self.used:
            say("bench: no hugepages to be had (root can reserve them); both programs go without")
        return self

    def __exit__(self, *_):
        if self.before is not None:
            try:
                HUGEPAGES.write_text(str(self.before))
            except OSError:
                pass


def describe_machine(hugepages):
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    dpdk = subprocess.run(["pkg-config", "--modversion", "libdpdk"], capture_output=True, text=True).stdout.strip()
    return {
        "cpu": model.group(1) if model else platform.processor(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "dpdk": dpdk,
        "hugepages": hugepages,
    }


def pick_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[-1], cpus[0]


# --- A: turnoutd -------------------------------------------------------------------------------------------------------


def write_conf(folder, setup):
    cdns = ", ".join(f'{{ name = "cdn-{i}"; }}' for i in range(8))
    dris = ", ".join(
        f'{{ cdn = "cdn-{i}"; dns-target = {{ host = "vod.cdn-{i}.example"; ttl = 30; }};'
        f' http-target = {{ host = "edge.cdn-{i}.example"; scheme = "http"; path-prefix = "/oc/{i}/";'
        f" include-redirecting-host = true; }}; }}"
        for i in range(8)
    )
    text = CONF.format(
        hugepages="true" if setup["hugepages"] else "false", memory=MEMORY, prefix=setup["prefix"] + "a", vdev=setup["vdev"],
        worker_cpu=setup["worker_cpu"], control_cpu=setup["control_cpu"], mbufs=MBUFS, key=COOKIE_KEY,
        socket=folder / "turnout.sock", cdns=cdns, dris=dris,
    )
    (folder / "bench.conf").write_text(text)


def ctl(folder, *verb):
    out = subprocess.run(
        [BUILD / "turnoutctl", "-s", folder / "turnout.sock", "--json", *verb], capture_output=True, text=True, timeout=60
    )
    return json.loads(out.stdout) if out.returncode == 0 else None


def counters(folder):
    workers = ctl(folder, "show", "workers")
    drops = ctl(folder, "show", "drops")
    if not workers or drops is None:
        raise Failure("turnoutd does not tell its counters")
    worker = workers["workers"][0]
    return worker["rx-packets"], worker["tx-packets"], {d["reason"]: d["count"] for d in drops["drops"]}


def end(process):
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def worker_seconds(process):
    """CPU time that the polling thread has had: on a machine that does other things too, less than the clock says."""
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().startswith("rte-worker"):
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    raise Failure("a program without a worker thread")


def tail(path):
    return "".join(f"\n    {line}" for line in path.read_text(errors="replace").splitlines()[-12:])


def measure_turnoutd(folder, seconds, setup):
    log = folder / "turnoutd.log"
    with log.open("w") as out:
        daemon = subprocess.Popen([BUILD / "turnoutd", "-c", folder / "bench.conf"], stdout=out, stderr=out)
    try:
        limit = time.monotonic() + 180
        while ctl(folder, "status") is None:
            if daemon.poll() is not None:
                raise Failure(f"turnoutd ended with code {daemon.returncode}:{tail(log)}")
            if time.monotonic() > limit:
                raise Failure(f"turnoutd did not start within 180 seconds:{tail(log)}")
            time.sleep(0.1)
        time.sleep(0.5)
        t0, (rx0, tx0, drops0) = worker_seconds(daemon), counters(folder)
        time.sleep(seconds)
        t1, (rx1, tx1, drops1) = worker_seconds(daemon), counters(folder)
    finally:
        end(daemon)
        shutil.rmtree(f"/run/dpdk/{setup['prefix']}a", ignore_errors=True)
    rate, answered = (rx1 - rx0) / (t1 - t0), (tx1 - tx0) / max(rx1 - rx0, 1)
    new = {name: n - drops0.get(name, 0) for name, n in drops1.items() if n > drops0.get(name, 0)}
    if rx1 == rx0:
        raise Failure(f"turnoutd received nothing:{tail(log)}")
    if new or answered < 0.99:
        raise Failure(f"not every request was redirected: {answered:.2%} of the packets were answered, drops {new}")
    return rate


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
    log, prefix = folder / "testpmd.log", setup["prefix"] + "b"
    command = [
        "dpdk-testpmd", "--no-pci", "--in-memory" if setup["hugepages"] else "--no-huge", "-m", str(MEMORY),
        f"--file-prefix={prefix}", f"--lcores=0@{setup['control_cpu']},1@{setup['worker_cpu']}", f"--vdev={setup['vdev']}", "--",
        "--forward-mode=5tswap", "--nb-cores=1", "--auto-start", "--no-lsc-interrupt", f"--total-num-mbufs={MBUFS}",
    ]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out)
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


def summary(runs):
    return {"median": statistics.median(runs), "min": min(runs), "max": max(runs), "runs": runs}


def measure_case(folder, kind, scopes, setup, options):
    a, b = [], []
    for i in range(options.rounds):
        with (folder / "requests.pcap").open("wb") as out:
            run(BUILD / "make_requests", kind, scopes, PACKETS, i + 1, COOKIE_KEY, stdout=out)
        a.append(measure_turnoutd(folder, options.seconds, setup))
        b.append(measure_testpmd(folder, options.seconds, setup))
        say(f"bench: {kind}, {scopes} scopes, round {i + 1} of {options.rounds}: "
            f"turnoutd {a[-1] / 1e6:.2f} M/s, testpmd {b[-1] / 1e6:.2f} M/s")  # fmt: skip
    result = {"kind": kind, "scopes": scopes, "turnoutd": summary(a), "testpmd": summary(b)}
    result["ratio"] = result["turnoutd"]["median"] / result["testpmd"]["median"]
    return result


def print_results(machine, results):
    print(f"One worker on one core of: {machine['cpu']}, {machine['cpus']} CPUs, Linux {machine['kernel']}, "
          f"DPDK {machine['dpdk']}, {'2 MiB hugepages' if machine['hugepages'] else 'no hugepages'}.")  # fmt: skip
    print("Million requests a second: median (lowest to highest).\n")
    print("| requests | scopes | turnoutd | testpmd 5tswap | ratio |")
    print("|---|---|---|---|---|")
    for r in results:
        cells = [f"{s['median'] / 1e6:.2f} ({s['min'] / 1e6:.2f} to {s['max'] / 1e6:.2f})" for s in (r["turnoutd"], r["testpmd"])]
        kind = {"dns": "DNS with client subnet", "http": "HTTP GET, one segment"}[r["kind"]]
        print(f"| {kind} | {r['scopes']:,} | {cells[0]} | {cells[1]} | {r['ratio']:.2f} |")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="one worker beside testpmd on the same packets")
    parser.add_argument("--quick", action="store_true", help="small table only, short runs")
    parser.add_argument("--rounds", type=int, default=None, help="turns of each program (5; with --quick 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.seconds = 1 if options.quick else 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
                run(BUILD / "make_requests", "table", scopes, stdout=out)
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
