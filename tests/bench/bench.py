#!/usr/bin/env python3
# bench - the figures of scripts/bench: one worker beside testpmd, workers, sizes of tables, changes meanwhile, floods; no NIC.
# SPDX-License-Identifier: BSD-3-Clause
#
#   bench.py [--quick] [--rounds N] [--only PART]... [--json FILE] [--plots FOLDER]
#
# Programs take turns, A B A B; figures are medians, with the lowest and highest of all rounds.
import argparse
import os
import pathlib

import ceiling
import cores
import latency
import overload
import sampling
import table_size
import update_rate
from apart import Apart
from common import MEMORY, describe_machine, end_with, machine_line, read_options, workplace, write_json
from in_memory import InMemory

PARTS = {
    "ceiling": ceiling, "overload": overload, "cores": cores, "table-size": table_size, "update-rate": update_rate,
    "veth": Apart("veth"), "latency": latency, "sampling": sampling,
}  # fmt: skip


def read_own_options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="one worker beside testpmd on the same packets, and more; half an hour, --quick two minutes")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given again")
    parser.add_argument("--plots", metavar="FOLDER", help="draw them there, as SVG")
    options = read_options(parser, 5, 2)
    options.parts = options.only or [name for name, part in PARTS.items() if not isinstance(part, Apart) or part.is_due(options.quick)]
    if options.plots:
        try:
            pathlib.Path(options.plots).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            parser.error(f"{error.filename} cannot be written: {error.strerror}")
    return options


def write(results, options):
    """After each part: what a later one does to the run shall not cost the figures so far."""
    write_json(options, results)
    if options.plots:
        import plots  # matplotlib takes a second to load

        plots.draw(results, pathlib.Path(options.plots))


def measure(options, results):
    with workplace(2 * MEMORY) as (folder, hugepages):
        bench = InMemory(folder, options, hugepages, f"bench{os.getpid()}")
        results.update(machine=describe_machine(hugepages), quick=options.quick, rounds=options.rounds)
        for part in options.parts:
            results[part] = PARTS[part].measure(bench)
            write(results, options)


def show(results):
    print(f"On: {machine_line(results['machine'])}.")
    for part, module in PARTS.items():
        if part in results:
            module.show(results[part])


def main():
    options, results = read_own_options(), {}
    try:
        measure(options, results)
    finally:
        if results.keys() & PARTS.keys():
            show(results)


end_with("bench", main)
