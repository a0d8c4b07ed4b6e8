#!/usr/bin/env python3
# veth - closed loop over a veth pair: turnoutd beside Knot DNS in XDP mode, NSD, nginx and HAProxy, with the same clients.
# SPDX-License-Identifier: BSD-3-Clause
#
#   veth.py NETWORK [--quick] [--rounds N] [--json FILE]
#
# Started by `scripts/bench --veth`, which makes the NETWORK: NETWORK-router with the link v0, where the servers run in turn, and
# NETWORK-client with its other end. All threads of the server have one CPU, the client has another one. What a server costs is told twice:
# the CPU time of its threads, and the time that its CPU was not idle, whoever used it. The kernel delivers what the client sends in the
# client's time and on the client's CPU, whichever the server is. turnoutd is there twice: polling, where its CPU time is the clock's, so
# that the part of it that bursts take (`show cycles`, in time of the clock) is told beside it; and with idle = "sleep". The driver polls
# busily: a look at an empty queue enters the kernel. Without that (busy_budget=0) nothing was faster, or cheaper, beyond doubt.
import argparse
import json
import os
import pathlib
import re
import subprocess
import time

from common import (
    BUILD, COOKIE_KEY, Failure, describe_machine, end, end_with, end_with_parent, machine_line, make_row, pick_cpus, print_rows,
    read_options, run, say, summary, tail, workplace, write_json,
)  # fmt: skip
from daemon import Daemon, write_conf

NAMES, ADDRESS, OTHER_CLIENT, TTL = 1000, "192.0.2.1", "192.0.2.11", 20
HOST, PATH, LOCATION = "h7.cdn.example", "/film/7", "http://edge.cdn.example/film/7"
FLOOD = 1000000  # queries per second: more than any of them answers


def address(i):
    return f"10.1.{i // 250}.{i % 250 + 1}"


# --- what they serve ---------------------------------------------------------------------------------------------------

KNOT = """server:
  rundir: {folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
xdp:
  listen: v0@53
database:
  storage: {folder}
log:
  - target: stderr
    any: warning
zone:
  - domain: cdn.example
    file: {folder}/zone
    journal-content: none
    zonefile-sync: -1
"""
NSD = """server:
  ip-address: 192.0.2.1
  server-count: 1
  username: ""
  pidfile: ""
  database: ""
  xfrdfile: {folder}/xfrd.state
  zonelistfile: {folder}/zone.list
  minimal-responses: yes
remote-control:
  control-enable: no
zone:
  name: cdn.example
  zonefile: {folder}/zone
"""
NGINX = """daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.errors;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  server {{ listen 192.0.2.1:80 backlog=4096; return 302 http://edge.cdn.example$request_uri; }}
}}
"""
HAPROXY = """global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend all
  bind 192.0.2.1:80
  http-request redirect prefix http://edge.cdn.example code 302
"""
PEERS = {
    "Knot DNS (XDP)": ("knot.conf", KNOT, ("knotd", "-c", "{file}")),
    "NSD": ("nsd.conf", NSD, ("nsd", "-d", "-c", "{file}")),
    "nginx": ("nginx.conf", NGINX, ("nginx", "-c", "{file}")),
    "HAProxy": ("haproxy.cfg", HAPROXY, ("haproxy", "-db", "-f", "{file}")),
}
TURNOUT = {"Turnout": "poll", "Turnout (sleeps)": "sleep"}


def write_files(folder):
    zone = ["$ORIGIN cdn.example.", f"$TTL {TTL}", "@ SOA ns1 hostmaster 1 7200 900 1209600 60", "@ NS ns1", "ns1 A 192.0.2.1"]
    zone += [f"h{i} A {address(i)}" for i in range(NAMES)]
    (folder / "zone").write_text("\n".join(zone) + "\n")
    order = [i * 7919 % NAMES for i in range(NAMES)]
    (folder / "kxdpgun.txt").write_text("".join(f"h{i}.cdn.example. A\n" for i in order))
    (folder / "dnsperf.txt").write_text("".join(f"h{i}.cdn.example A\n" for i in order))
    with (folder / "table.jsonl").open("w") as out:
        for i in range(NAMES):
            dri = {"node": f"n{i}", "dns-target": {"addresses": [address(i)], "ttl": TTL},
                   "http-target": {"host": "edge.cdn.example", "scheme": "http"}}  # fmt: skip
            scope = {"name": f"h{i}", "hosts": [f"h{i}.cdn.example"], "candidates": [{"node": f"n{i}"}]}
            for kind, it in (("node", {"name": f"n{i}"}), ("dri", dri), ("scope", scope)):
                out.write(json.dumps({kind: it}) + "\n")
    for file, text, _ in PEERS.values():
        (folder / file).write_text(text.format(folder=folder))


# --- servers -----------------------------------------------------------------------------------------------------------


def family(pid):
    """A process and its descendants."""
    yield pid
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in file.read_text().split():
            yield from family(int(child))


def cpu_seconds(pid):
    """Of all threads that a server has now."""
    tasks = [task for p in family(pid) for task in pathlib.Path(f"/proc/{p}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def busy_seconds(cpu):
    """Not idle since the start of the machine, with interrupts."""
    line = re.search(rf"^cpu{cpu} (.*)$", pathlib.Path("/proc/stat").read_text(), re.M).group(1)
    fields = [int(f) for f in line.split()]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Peer:
    """One of the others; there within `with`."""

    def __init__(self, bench, name):
        self.file, _, self.command = PEERS[name]
        self.bench, self.log = bench, bench.folder / "peer.log"

    def __enter__(self):
        command = [a.format(file=self.bench.folder / self.file) for a in self.command]
        with self.log.open("w") as out:
            self.process = subprocess.Popen([*self.bench.before, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            preexec_fn=end_with_parent)  # fmt: skip
        return self

    def __exit__(self, *_):
        end(self.process)


class Bench:
    """The folder, both ends of the pair, and the rows so far."""

    def __init__(self, folder, network, options, hugepages):
        self.folder, self.network, self.rounds = folder, network, options.rounds
        self.seconds = 0.4 if options.quick else 4
        self.server_cpu, self.client_cpu = pick_cpus()
        self.before = ("ip", "netns", "exec", f"{network}-router", "taskset", "-c", str(self.server_cpu))
        self.hugepages, self.rows = hugepages, []

    def server(self, name, keep_alive):
        for host, link in (("router", "v0"), ("client", "eth0")):  # XDP programs that the one before left there
            run("ip", "-n", f"{self.network}-{host}", "link", "set", link, "xdp", "off")
        if name in PEERS:
            return Peer(self, name)
        setup = {
            "hugepages": self.hugepages, "prefix": self.network, "vdev": "net_af_xdp0,iface=v0", "idle": TURNOUT[name], "mbufs": 16384,
            "memory": 256, "worker_cpu": self.server_cpu, "control_cpu": self.server_cpu,
            "cdns": 1,
        }  # fmt: skip
        write_conf(self.folder, setup)
        if keep_alive:
            conf = self.folder / "bench.conf"
            conf.write_text(conf.read_text().replace("mbufs = ", "keep-alive = true; mbufs = "))
        return Daemon(self.folder, setup, self.before)

    def client(self, *command):
        before = ("ip", "netns", "exec", f"{self.network}-client", "taskset", "-c", str(self.client_cpu))
        return subprocess.Popen([*before, *(str(c) for c in command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, preexec_fn=end_with_parent)  # fmt: skip

    def ask(self, *command):
        return self.client(*command).communicate(timeout=20)[0]


# --- what is asked -----------------------------------------------------------------------------------------------------


def right_dns(bench):
    """Of some names, all answers: the address of the name, its TTL, and nothing else; and of one that is not there."""
    picked = range(0, NAMES, 37)
    out = bench.ask("dig", f"@{ADDRESS}", "+time=1", "+tries=1", "+noall", "+answer", *[f"h{i}.cdn.example" for i in picked])
    got = [line.split() for line in out.splitlines() if line and line[0] != ";"]
    if got != [[f"h{i}.cdn.example.", str(TTL), "IN", "A", address(i)] for i in picked]:
        return out
    out = bench.ask("dig", f"@{ADDRESS}", "+time=1", "+tries=1", "nobody.cdn.example")
    return "" if "NXDOMAIN" in out else out


def right_http(bench):
    out = bench.ask("curl", "-s", "--max-time", "1", "-o", "/dev/null", "-H", f"Host: {HOST}", "-w", "%{http_code} %header{location}",
                    f"http://{ADDRESS}{PATH}")  # fmt: skip
    return "" if out == f"302 {LOCATION}" else out or "no answer"


def check_answers(bench, server, right, seconds):
    limit = time.monotonic() + seconds
    while wrong := right(bench):
        if server.process.poll() is not None or time.monotonic() > limit:
            raise Failure(f"a server does not answer as it has to:\n{wrong}{tail(server.log)}")
        time.sleep(0.1)


def number(pattern, out):
    found = re.search(pattern, out)
    if not found:
        raise Failure(f"a client says nothing of its rate:\n{out}")
    return float(found.group(1))


class Kxdpgun:
    check, keep_alive = staticmethod(right_dns), False

    def __init__(self, name, rate):
        self.name, self.rate = name, rate

    def command(self, bench, seconds):
        return ("kxdpgun", "-F", bench.client_cpu, "-I", "eth0", "-t", seconds, "-Q", self.rate, "-i", bench.folder / "kxdpgun.txt",
                ADDRESS)  # fmt: skip

    def read(self, out):
        answered = number(r"total replies: .*\((\d+) pps\)", out)
        if number(r"responded NOERROR: +(\d+)", out) != number(r"total replies: +(\d+)", out):
            raise Failure(f"kxdpgun got answers that are none:\n{out}")
        return answered


class Dnsperf:
    name, check, keep_alive = "dnsperf, 100 queries at once", staticmethod(right_dns), False

    def command(self, bench, seconds):
        return "dnsperf", "-s", ADDRESS, "-d", bench.folder / "dnsperf.txt", "-l", seconds, "-q", 100, "-c", 4

    def read(self, out):
        if number(r"NOERROR (\d+)", out) != number(r"Queries completed: +(\d+)", out):
            raise Failure(f"dnsperf got answers that are none:\n{out}")
        return number(r"Queries per second: +([\d.]+)", out)


class Wrk:
    check = staticmethod(right_http)

    def __init__(self, name, keep_alive):
        self.name, self.keep_alive = name, keep_alive

    def command(self, bench, seconds):
        close = () if self.keep_alive else ("-H", "Connection: close")
        return "wrk", "-t", 1, "-c", 64, "-d", f"{seconds}s", "-H", f"Host: {HOST}", *close, f"http://{ADDRESS}{PATH}"

    def read(self, out):
        if "Non-2xx" in out:
            raise Failure(f"wrk got answers that are none:\n{out}")
        return number(r"Requests/sec: +([\d.]+)", out)


class Loadgen:
    """Our own generator, which needs no TCP of the kernel: a client that is faster than the servers. It comes from an address of its own, as
    the servers remember the connections of wrk for a minute."""

    name, check, keep_alive = "loadgen, a connection for each request", staticmethod(right_http), False

    def command(self, bench, seconds):
        mac = link_of_server(bench)["address"]
        requests = bench.folder / "requests.pcap"
        with requests.open("wb") as out:
            run(BUILD / "make_requests", "http", "--scopes", 2 * NAMES, "--mac", mac, "--key", COOKIE_KEY, stdout=out)
        return (BUILD / "tests" / "loadgen", "--no-pci", "--no-huge", "-m", 128, "--no-telemetry", "--log-level=1",
                f"--file-prefix={bench.network}-loadgen", f"--lcores=0@{bench.client_cpu}", "--vdev=net_af_xdp0,iface=eth0", "--",
                "--requests", requests, "--source", OTHER_CLIENT, "--flight", 64, "--seconds", seconds, "--json", "--quiet")  # fmt: skip

    def read(self, out):
        report = json.loads(next((line for line in out.splitlines() if line.startswith("{")), "{}"))
        if report.get("wrong", 1):
            raise Failure(f"loadgen got answers that are none:\n{out}")
        return report["rate"]


DNS_SERVERS = ("Turnout", "Knot DNS (XDP)", "NSD", "Turnout (sleeps)")
HTTP_SERVERS = ("Turnout", "nginx", "HAProxy", "Turnout (sleeps)")
LOADS = (
    (DNS_SERVERS, (Kxdpgun(f"kxdpgun, {FLOOD:,} queries/s offered", FLOOD), Kxdpgun("kxdpgun, 20,000 queries/s", 20000), Dnsperf())),
    (HTTP_SERVERS, (Wrk("wrk, a connection for each request", False), Loadgen())),
    (HTTP_SERVERS, (Wrk("wrk, keep-alive", True),)),
)


# --- figures -----------------------------------------------------------------------------------------------------------


def sample(bench, server):
    """The clock, and so far: CPU seconds of the server and of its CPU; of turnoutd the packets, and what it knows of its bursts."""
    now = {"clock": time.monotonic(), "cpu": cpu_seconds(server.process.pid), "busy": busy_seconds(bench.server_cpu)}
    if isinstance(server, Daemon):
        cycles = server.call("show.cycles")
        sampled = cycles["all"]["packets"]
        now.update(received=server.counters()[0], sampled=sampled, work=cycles["all"].get("sum", 0) * sampled / cycles["tsc-hz"])
    return now


def link_of_server(bench):
    return json.loads(run("ip", "-n", f"{bench.network}-router", "-s", "-j", "link", "show", "v0", stdout=subprocess.PIPE).stdout)[0]


def wait_for_load(bench, client, before):
    """A client may take a second to start, in which a server that sleeps costs nothing."""
    limit = time.monotonic() + 10
    while link_of_server(bench)["stats64"]["rx"]["packets"] < before + 1000:
        if client.poll() is not None or time.monotonic() > limit:
            raise Failure(f"a client sends next to nothing:\n{client.communicate(timeout=20)[0]}")
        time.sleep(0.02)


def one_run(bench, server, load):
    """Answers per second as the client counts them; CPU seconds of the server and of its CPU for each, from the middle of the run. Of turnoutd
    also the seconds that bursts took, without the looks at an empty queue."""
    link = link_of_server(bench)
    client = bench.client(*load.command(bench, int(bench.seconds + 1)))
    try:
        wait_for_load(bench, client, link["stats64"]["rx"]["packets"])
        before = sample(bench, server)
        time.sleep(bench.seconds)
        after = sample(bench, server)
        rate = load.read(client.communicate(timeout=20)[0])
    finally:
        client.kill()
        client.wait()
    if not rate:
        raise Failure(f"{load.name}: nothing was answered:{tail(server.log)}")
    took = {key: after[key] - before[key] for key in after}
    answers = rate * took["clock"]
    run = {"rate": rate, "cpu": took["cpu"] / answers, "busy": took["busy"] / answers}
    if took.get("sampled"):
        run["work"] = took["work"] / took["sampled"] * took["received"] / answers
    return run


def in_turn(bench, servers, loads):
    """Each server under each load, in turns; gives the runs by load and server."""
    runs = {(load.name, name): [] for load in loads for name in servers}
    for i in range(bench.rounds):
        for name in servers:
            with bench.server(name, loads[0].keep_alive) as server:
                check_answers(bench, server, loads[0].check, 10)
                for load in loads:
                    run = one_run(bench, server, load)
                    runs[load.name, name].append(run)
                    say(f"bench: {load.name}: {name}, round {i + 1} of {bench.rounds}: {run['rate']:,.0f} a second, "
                        f"{run['cpu'] * 1e6:.2f} us of its threads for each, {run['busy'] * 1e6:.2f} us of its CPU")  # fmt: skip
                check_answers(bench, server, loads[0].check, 3)
    return runs


def measure(bench):
    """One result for each load and server, with the ratio to Turnout of the same rounds."""
    write_files(bench.folder)
    results = []
    for servers, loads in LOADS:
        runs = in_turn(bench, servers, loads)
        for (load, name), taken in runs.items():
            first = runs[load, "Turnout"]
            values = {k: [r[k] for r in taken if k in r] for k in ("rate", "cpu", "busy", "work")}
            result = {"load": load, "server": name, **{k: summary(v) for k, v in values.items() if v}}
            result["ratio"] = summary([mine["rate"] / r["rate"] for mine, r in zip(first, taken)])
            results.append(result)
    return results


def targets(results):
    """The rows of what is wanted. Where no burst was sampled all CPU time counts as work."""

    def of(load, server, key):
        return next(r.get(key, r["cpu"])["median"] for r in results if r["load"] == load and r["server"] == server)

    flood, fixed, close = (load.name for load in (LOADS[0][1][0], LOADS[0][1][1], LOADS[1][1][0]))
    rate = of(flood, "Turnout", "rate") / of(flood, "Knot DNS (XDP)", "rate")
    full = of(flood, "Turnout", "work") / of(flood, "Knot DNS (XDP)", "cpu")
    slow = of(fixed, "Turnout (sleeps)", "cpu") / of(fixed, "Knot DNS (XDP)", "cpu")
    new = of(close, "Turnout", "rate") / of(close, "nginx", "rate")
    free = of(Loadgen.name, "Turnout", "rate") / of(Loadgen.name, "nginx", "rate")
    work = of(Loadgen.name, "nginx", "cpu") / of(Loadgen.name, "Turnout", "work")
    return [
        make_row("queries/s beside Knot DNS in XDP mode", f"{rate:.2f}", "at least 1.0", rate >= 1),
        make_row("CPU time of a query beside Knot DNS in XDP mode, at full load, without looks at an empty queue", f"{full:.2f}",
                 "at most 0.8", full <= 0.8),
        make_row("the same at 20,000 queries/s, idle = \"sleep\"", f"{slow:.2f}", "at most 0.8", slow <= 0.8),
        make_row("new connections/s beside nginx, with wrk at its limit", f"{new:.2f}", "at least 5", new >= 5),
        make_row("the same with loadgen", f"{free:.2f}", "at least 5", free >= 5),
        make_row("CPU time of a new connection with loadgen: nginx beside Turnout, likewise", f"{work:.2f}", "at least 5", work >= 5),
    ]  # fmt: skip


def spread(runs, scale, digits):
    return f"{runs['median'] * scale:,.{digits}f} ({runs['min'] * scale:,.{digits}f} to {runs['max'] * scale:,.{digits}f})"


def print_results(results):
    print("Over a veth pair; server and client on a CPU each; median (lowest to highest); the ratio is that of Turnout to it.\n")
    print("| load | server | thousand/s | ratio | its threads, us each | of it in bursts | its CPU, us each |")
    print("|---|---|---|---|---|---|---|")
    for r in results:
        work = spread(r["work"], 1e6, 2) if "work" in r else ""
        print(f"| {r['load']} | {r['server']} | {spread(r['rate'], 1e-3, 1)} | {spread(r['ratio'], 1, 2)} | {spread(r['cpu'], 1e6, 2)} "
              f"| {work} | {spread(r['busy'], 1e6, 2)} |")  # fmt: skip
    print()
    print_rows(targets(results))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --veth", description="over a veth pair, beside other servers")
    parser.add_argument("network", help=argparse.SUPPRESS)
    options = read_options(parser, 5, 1)
    with workplace(prefix=options.network) as (folder, hugepages):
        bench, machine = Bench(folder, options.network, options, hugepages), describe_machine(hugepages)
        results = measure(bench)
    print(f"On: {machine_line(machine)}.")
    print_results(results)
    write_json(options, {"machine": machine, "veth": results, "veth-targets": targets(results)})


end_with("bench", main)
