#!/usr/bin/env python3
# ri - how many redirection requests (RFC 7975) of other CDNs the control thread answers.
# SPDX-License-Identifier: BSD-3-Clause
#
# A client on another core asks for 1,000 names over kept connections on the loopback, DNS and HTTP, with and without TLS; the ways take
# turns, and the figures are medians. A second is a second of CPU time of the control thread.
import argparse
import os
import pathlib
import subprocess

from common import (
    BUILD, Failure, describe_machine, end_with, end_with_parent, machine_line, make_row, pick_cpus, print_rows, read_options, run, say,
    summary, workplace, write_json,
)  # fmt: skip
from daemon import Daemon

PLAIN, TLS, CONNECTIONS, DEPTH, WANTED = 18453, 18454, 256, 8, 20000
WAYS = [(protocol, tls) for tls in (False, True) for protocol in ("dns", "http")]

CONF = """
eal = {{ hugepages = {hugepages}; memory = 64; prefix = "{prefix}"; }};
workers = {{ count = 1; cpus = [ {worker_cpu} ]; control-cpu = {control_cpu}; idle = "sleep"; }};
ports = ( {{ name = "p0"; vdev = "net_ring0"; addresses = [ "192.0.2.1" ]; mbufs = 4096; }} );
control = {{ socket = "{folder}/turnout.sock"; }};
interconnection = {{ provider-id = "AS64501:1"; listen-plain = [ "127.0.0.1:{plain}" ]; listen = [ "127.0.0.1:{tls}" ];
  certificate = "a.crt"; key = "a.key"; authorities = "ca.crt"; }};
peers = (
  {{ name = "open"; roles = [ "upstream" ]; plain-http = true; address = "127.0.0.1"; provider-id = "AS64500:1"; disclose = "nodes";
    limits = {{ requests-per-second = 1000000; connections = 1024; }}; }},
  {{ name = "secure"; roles = [ "upstream" ]; identity = "a.example"; provider-id = "AS64502:1"; disclose = "nodes";
    limits = {{ requests-per-second = 1000000; connections = 1024; }}; }} );
nodes = ( {{ name = "n"; }} );
dris = ( {{ node = "n"; dns-target = {{ addresses = [ "203.0.113.9" ]; ttl = 10; }}; http-target = {{ host = "n.example"; }}; }} );
scopes = ( {scopes} );
"""


def make_certificates(folder):
    def openssl(*arguments):
        run("openssl", *arguments, cwd=folder, stderr=subprocess.DEVNULL)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", "-new", *new, "-subj", "/CN=a", "-keyout", "a.key", "-out", "a.csr")
    (folder / "a.ext").write_text("subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("x509", "-req", "-in", "a.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2", "-extfile", "a.ext", "-out", "a.crt")


def control_thread_seconds(daemon):
    pid = daemon.process.pid
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure(daemon, protocol, tls, cpu, seconds):
    port, provider = (TLS, "AS64502:1") if tls else (PLAIN, "AS64500:1")
    command = ["taskset", "-c", cpu, BUILD / "ask_ri", "127.0.0.1", port, provider, protocol, CONNECTIONS, DEPTH, seconds]
    if tls:
        command += [daemon.folder / "a.crt", daemon.folder / "a.key"]
    with subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          preexec_fn=end_with_parent) as client:  # fmt: skip
        if client.stdout.readline() != "ready\n":
            raise Failure("ask_ri cannot connect")
        before = control_thread_seconds(daemon)
        told, _ = client.communicate("\n", timeout=seconds + 60)
        took = control_thread_seconds(daemon) - before
    if client.returncode:
        raise Failure("ask_ri had no answers")
    good, others = map(int, told.split())
    if others:
        raise Failure(f"{others} of {good + others} redirection requests were answered with an error")
    return good / took


def main():
    options = read_options(argparse.ArgumentParser(prog="scripts/bench --ri"), 5, 3)
    rounds, seconds = options.rounds, 1 if options.quick else 3
    rates = {way: [] for way in WAYS}
    with workplace() as (folder, hugepages):
        make_certificates(folder)
        client_cpu, control_cpu = pick_cpus()
        setup = {"hugepages": "true" if hugepages else "false", "prefix": f"bench{os.getpid()}"}
        scopes = ", ".join(f'{{ name = "s{i}"; hosts = [ "h{i}.cdn.example" ]; candidates = ( {{ node = "n"; }} ); }}' for i in range(1000))
        (folder / "bench.conf").write_text(CONF.format(**setup, worker_cpu=client_cpu, control_cpu=control_cpu, folder=folder, plain=PLAIN,
                                                       tls=TLS, scopes=scopes))  # fmt: skip
        with Daemon(folder, setup) as daemon:
            for i in range(rounds):
                for (protocol, tls), runs in rates.items():
                    runs.append(measure(daemon, protocol, tls, client_cpu, seconds))
                    say(f"bench: ri, round {i + 1} of {rounds}: {protocol}{' over TLS' if tls else ''}: {runs[-1]:,.0f}/s")
        machine = describe_machine(hugepages)
    rows = []
    for (protocol, tls), runs in rates.items():
        told = summary(runs)
        rows.append(make_row(f"{protocol.upper()} redirection requests{' over TLS' if tls else ''}, queries/s for each second of CPU",
                             f"{told['median']:,.0f} ({told['min']:,.0f} to {told['max']:,.0f})", "" if tls else f"at least {WANTED:,}",
                             None if tls else told["median"] >= WANTED, rates=told))  # fmt: skip
    print(f"The control thread on one core of: {machine_line(machine)}; {CONNECTIONS} kept connections, {DEPTH} requests at once on each.\n")
    print_rows(rows)
    write_json(options, {"machine": machine, "rows": rows})


end_with("bench", main)
