#!/usr/bin/env python3
# budget - instructions per request of each stage, counted by callgrind, beside what was recorded; or cycles.
# SPDX-License-Identifier: BSD-3-Clause
#
# A count is the same at every run, however busy the machine is. So a rise is a change of the code (or of the compiler: with another version than
# that of the record, rises are told but do not count).
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile

from common import BUILD, COOKIE_KEY, MBUFS, MEMORY, TOP, Failure, end_with, pick_cpus, run, say
from daemon import write_conf

SECOND = 1700000000
PACKETS, BURSTS = 1024, 64
WILDCARDS = 20
RISE, FLOOR = 0.03, 3.0  # as a part of the budget, but at least so many instructions
STAGES = {name: [f"{name}_burst"] for name in ("classify", "decode", "match", "choose", "ask", "count", "seal", "transmit")}
STAGES["reply"] = ["reply_dns_burst", "reply_http_burst", "reply_l3_burst", "reply_tcp_burst"]
ORDER = ("classify", "decode", "match", "choose", "ask", "count", "reply", "seal", "transmit", "sum")

# --- streams -----------------------------------------------------------------------------------------------------------

OUR_MAC, CLIENT_MAC = bytes.fromhex("027063617000"), bytes.fromhex("020000000001")
OURS = bytes((192, 0, 2, 1))


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def client(i):
    return struct.pack("!I", 0x0A000000 + i * 2654435761 % (1 << 24) | 1)


def echo(i):
    message = struct.pack("!BBHHH", 8, 0, 0, i, 1) + bytes(range(56))
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    head, addresses = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(message), 0, 0x4000, 64, 1), client(i) + OURS
    head += struct.pack("!H", checksum(head + b"\0\0" + addresses))
    return OUR_MAC + CLIENT_MAC + b"\x08\x00" + head + addresses + message


def arp(i):
    return (b"\xff" * 6 + CLIENT_MAC + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + CLIENT_MAC + client(i)
            + bytes(6) + OURS + bytes(18))  # fmt: skip


def write_frames(path, make):
    with path.open("wb") as out:
        out.write(struct.pack("=IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(PACKETS):
            frame = make(i)
            out.write(struct.pack("=4I", 0, 0, len(frame), len(frame)) + frame)


MIX = ("--ipv6", 50, "--dns-cookies", 50, "--aaaa", 50, "--wildcards", WILDCARDS)
STREAMS = {
    "dns": ("dns",),
    "dns-mix": ("dns", *MIX),
    "miss": ("dns", "--misses", 100),
    "http": ("http",),
    "browsers": ("http", "--browsers", "--ipv6", 50),
    "syn": ("syn",),
    "echo": echo,
    "arp": arp,
}


def write_stream(path, make, options):
    if callable(make):
        write_frames(path, make)
        return
    draws = ["--zipf"] if options.zipf else []
    with path.open("wb") as out:
        run(BUILD / "make_requests", *make, *options.world, *draws, "--count", options.packets, "--time", SECOND, "--key", COOKIE_KEY, stdout=out)


# --- runs --------------------------------------------------------------------------------------------------------------


def run_stages(folder, before, *options):
    command = [*before, BUILD / "tests" / "stages", *options]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise Failure(f"{' '.join(str(c) for c in command)} ended with code {done.returncode}:\n{done.stderr.strip()}")
    figures = dict(line.split("\t") for line in done.stdout.splitlines())
    if figures["packets"] != figures["answers"]:
        raise Failure(f"{folder.name}: of {figures['packets']} packets only {figures['answers']} were answered; look at STREAMS")
    return {name: float(value) for name, value in figures.items() if name in ORDER}


def read_calls(text):
    """Instructions below each function, by its name; those of recursive calls are in there more than once."""
    names, costs, callee, called = {}, {}, None, False
    for line in text.splitlines():
        if called:
            costs[callee] = costs.get(callee, 0) + int(line.split()[-1])
        called = line.startswith("calls=")
        if named := re.match(r"c?fn=\((\d+)\)(?: (.*))?$", line):
            callee = names.setdefault(*named.groups())
    return costs


def count_instructions(folder):
    out = folder / "callgrind.out"
    # Other machines shall take the same way through memcpy and the like.
    tunables = "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512VL,-AVX2,-ERMS"
    run_stages(
        folder, ["env", tunables, "valgrind", "-q", "--tool=callgrind", "--toggle-collect=stages_count", f"--callgrind-out-file={out}"],
        "bench.conf", SECOND, BURSTS,
    )  # fmt: skip
    costs = read_calls(out.read_text())
    lost = [f for functions in STAGES.values() for f in functions if f not in costs]
    if lost:
        raise Failure(f"{folder.name}: callgrind saw no call of {', '.join(lost)}: inlined or renamed? Mend STAGES in budget.py")
    packets = BURSTS * 32
    figures = {stage: sum(costs[f] for f in functions) / packets for stage, functions in STAGES.items()}
    return {**figures, "sum": costs["burst_run"] / packets}


def count_cycles(folder):
    return run_stages(folder, ["taskset", "-c", pick_cpus()[0]], "-c", "bench.conf", SECOND, 20000)


def measure(root, stream, options):
    folder = root / stream
    folder.mkdir()
    write_stream(folder / "requests.pcap", STREAMS[stream], options)
    write_conf(folder, {
        "hugepages": False, "prefix": f"budget{os.getpid()}-{stream}", "worker_cpu": 0, "control_cpu": 0, "memory": MEMORY if options.cycles else 64,
        "mbufs": MBUFS if options.cycles else 4095, "vdev": f"net_pcap0,rx_pcap={folder}/requests.pcap,infinite_rx=1", "tables": ["../table.jsonl"],
    })  # fmt: skip
    figures = count_cycles(folder) if options.cycles else count_instructions(folder)
    say(f"budget: {stream}: {figures['sum']:.0f} {'cycles' if options.cycles else 'instructions'} per packet")
    return figures


def measure_all(options):
    with tempfile.TemporaryDirectory(prefix="turnout-budget.") as name:
        root = pathlib.Path(name)
        with (root / "table.jsonl").open("wb") as out:
            run(BUILD / "make_requests", "table", *options.world, "--wildcards", WILDCARDS, stdout=out)
        with concurrent.futures.ThreadPoolExecutor(1 if options.cycles else os.cpu_count()) as pool:
            done = {s: pool.submit(measure, root, s, options) for s in options.streams}
            return {s: d.result() for s, d in done.items()}


# --- the record --------------------------------------------------------------------------------------------------------


def check_build():
    options = json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())
    kind = next(o["value"] for o in options if o["name"] == "buildtype")
    if kind != "release":
        raise Failure(f"{BUILD} is a {kind} build, but instructions are counted in a release: scripts/build")


def compiler():
    return run(BUILD / "tests" / "stages", "-v", capture_output=True, text=True).stdout.strip()


def write_record(path, figures):
    with path.open("w") as out:
        out.write("# Instructions per request of each stage; written by scripts/budget --record\n")
        out.write(f"# compiler: {compiler()}\n")
        for stream, stages in figures.items():
            for stage in ORDER:
                out.write(f"{stream}\t{stage}\t{stages[stage]:.1f}\n")


def read_record(path):
    record, made_by = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("# compiler: "):
            made_by = line[12:]
        elif line and not line.startswith("#"):
            stream, stage, value = line.split("\t")
            record.setdefault(stream, {})[stage] = float(value)
    return record, made_by


def compare(stream, now, budget):
    """Lines that tell of rises, and of falls."""
    rises, falls = [], []
    for stage in ORDER:
        change, old = now[stage] - budget[stage], budget[stage]
        if abs(change) > max(RISE * old, FLOOR):
            share = f"{change / old:+.1%}" if old else "new"
            (rises if change > 0 else falls).append(f"{stage} {old:.1f} -> {now[stage]:.1f} ({share})")
    return rises, falls


def judge(figures, path):
    budgets, made_by = read_record(path)
    strict, bad = made_by == compiler(), 0
    if not strict:
        say(f"budget: the record was made by {made_by}, this is {compiler()}: rises are only told")
    for stream, now in figures.items():
        rises, falls = compare(stream, now, budgets[stream]) if stream in budgets else (["it has no record"], [])
        failed = bool(rises) and strict
        bad += failed
        print(f"{'not ok' if failed else 'ok'} budget: {stream}: {now['sum']:.0f} instructions per request"
              + (f"; more: {', '.join(rises)}" if rises else ""))  # fmt: skip
        if falls:
            print(f"    less: {', '.join(falls)}: record it with scripts/budget --record")
    if bad:
        print("    where they go: callgrind_annotate --inclusive=yes; when they are worth it: scripts/budget --record")
    return 1 if bad else 0


def print_table(figures):
    print("| stream | " + " | ".join(ORDER) + " |")
    print("|---" * (len(ORDER) + 1) + "|")
    for stream, stages in figures.items():
        print(f"| {stream} | " + " | ".join(f"{stages[stage]:.0f}" for stage in ORDER) + " |")


def main():
    parser = argparse.ArgumentParser(prog="scripts/budget", description="instructions per request of each stage, against their record")
    parser.add_argument("--record", action="store_true", help="write what is counted into the record")
    parser.add_argument("--cycles", action="store_true", help="cycles per packet on this machine instead, as a table")
    parser.add_argument("--table", action="store_true", help="print the instructions as a table, without judging them")
    parser.add_argument("--scopes", type=int, help="scopes of the table (1000); not for the record")
    parser.add_argument("--prefixes", type=int, help="prefixes of its footprints (0); not for the record")
    parser.add_argument("--zipf", action="store_true", help="hosts by Zipf's law; not for the record")
    parser.add_argument("--record-file", type=pathlib.Path, default=TOP / "tests/bench/budget.tsv", metavar="FILE")
    parser.add_argument("--measured", type=pathlib.Path, metavar="FILE", help="judge what another --record-file says, count nothing")
    parser.add_argument("streams", nargs="*", metavar="STREAM", help=f"only these of {' '.join(STREAMS)}")
    options = parser.parse_args()
    if unknown := [s for s in options.streams if s not in STREAMS]:
        parser.error(f"{unknown[0]} is no STREAM; there are {', '.join(STREAMS)}")
    other = options.scopes or options.prefixes or options.zipf
    if options.record and (other or options.streams or options.cycles):
        parser.error("the record is made of all streams with the table as it is")
    options.streams = options.streams or list(STREAMS)
    options.packets = 32768 if options.cycles else PACKETS  # as bench: more than caches hold
    options.world = ["--scopes", options.scopes or 1000, "--prefixes", options.prefixes or 0]
    check_build()
    figures = read_record(options.measured)[0] if options.measured else measure_all(options)
    if options.record:
        write_record(options.record_file, figures)
    elif options.table or options.cycles or other:
        print_table(figures)
    else:
        return judge(figures, options.record_file)
    return 0


end_with("budget", main)
