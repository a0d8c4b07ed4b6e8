#!/usr/bin/env python3
# bench - the figures of scripts/bench: one worker beside testpmd, workers, sizes of tables, changes meanwhile, floods; no NIC.
# SPDX-License-Identifier: BSD-3-Clause
#
#   bench.py [--quick] [--rounds N] [--only PART]... [--json FILE] [--plots FOLDER]
#
# Programs take turns, A B A B; figures are medians, with the lowest and highest of all rounds.
import argparse
import json
import os
import pathlib
import sys
import tempfile

import ceiling
import cores
import latency
import overload
import sampling
import table_size
import update_rate
from apart import Apart
from common import MEMORY, Failure, Hugepages, describe_machine, end_on_signals, machine_line
from in_memory import InMemory

PARTS = {
    "ceiling": ceiling, "overload": overload, "cores": cores, "table-size": table_size, "update-rate": update_rate,
    "veth": Apart("veth"), "latency": latency, "sampling": sampling,
}  # fmt: skip


def read_options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="one worker beside testpmd on the same packets, and more")
    parser.add_argument("--quick", action="store_true", help="smaller tables, short turns: two minutes, without veth")
    parser.add_argument("--rounds", type=int, default=None, help="turns of each program (5; with --quick 2)")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given again")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--plots", metavar="FOLDER", help="draw them there, as SVG")
    options = parser.parse_args()
    options.said = ["--quick"] * options.quick + ([f"--rounds={options.rounds}"] if options.rounds else [])
    options.rounds = options.rounds or (2 if options.quick else 5)
    if options.rounds < 1:
        parser.error("--rounds has to be 1 at least")
    options.parts = options.only or [name for name, part in PARTS.items() if not isinstance(part, Apart) or part.is_due(options.quick)]
    try:  # before minutes of measuring
        if options.json:
            pathlib.Path(options.json).write_text("")
        if options.plots:
            pathlib.Path(options.plots).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{error.filename} cannot be written: {error.strerror}")
    return options


def write(results, options):
    """After each part: what a later one does to the run shall not cost the figures so far."""
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if options.plots:
        import plots  # matplotlib takes a second to load

        plots.draw(results, pathlib.Path(options.plots))


def measure(options, results):
    with Hugepages(2 * MEMORY) as hugepages, tempfile.TemporaryDirectory(prefix="turnout-bench.") as name:
        bench = InMemory(pathlib.Path(name), options, hugepages.used, f"bench{os.getpid()}")
        results.update(machine=describe_machine(hugepages.used), quick=options.quick, rounds=options.rounds)
        for part in options.parts:
            results[part] = PARTS[part].measure(bench)
            write(results, options)


def show(results):
    print(f"On: {machine_line(results['machine'])}.")
    for part, module in PARTS.items():
        if part in results:
            module.show(results[part])


def main():
    options, results = read_options(), {}
    end_on_signals()
    try:
        measure(options, results)
    finally:
        if results.keys() & PARTS.keys():
            show(results)


try:
    main()
except Failure as failure:
    sys.exit(f"bench: {failure}")
except KeyboardInterrupt:
    sys.exit(130)
