# sampling - what `show cycles` costs a worker: the cycles of its bursts with and without the one of so many that is sampled.
# SPDX-License-Identifier: BSD-3-Clause
#
# In one process (tests/bench/stages.cc -s), which runs the worker's stages on an endless pcap without a thread: so many bursts without, as
# many with, A B A B. A round is the median of its turns, so that one in which the machine did something else does not count.
import statistics
import subprocess
import time

from ceiling import three
from common import BUILD, Failure, summary
from daemon import write_conf
from in_memory import COOKIE_AHEAD, UNIFORM

STREAMS = {**UNIFORM, "SYN": ["syn"]}
ROUNDS = 10
MOST = 1.01


def cycles_per_packet(bench, table, stream):
    """Of each turn: without, with."""
    cpu = bench.setup["worker_cpu"]
    setup = {**bench.setup, "vdev": bench.endless([bench.requests(table, stream, 1)]), "control_cpu": cpu}
    write_conf(table.folder, setup)
    command = ["taskset", "-c", cpu, BUILD / "tests" / "stages", "-s", "bench.conf", int(time.time()) + COOKIE_AHEAD,
               60000 if bench.quick else 600000]  # fmt: skip
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=table.folder)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    figures = {line[0]: line[1] for line in lines}
    if done.returncode or figures["packets"] != figures["answers"]:
        raise Failure(f"stages ended with code {done.returncode}, {done.stdout[-100:]}:\n{done.stderr}")
    return [(float(line[1]), float(line[2])) for line in lines if line[0] == "sampling"]


def measure_stream(bench, table, name, stream):
    turns = cycles_per_packet(bench, table, stream)
    size = len(turns) // ROUNDS
    rounds = [[(a, b, b / a) for a, b in turns[i * size : (i + 1) * size]] for i in range(ROUNDS)]
    without, sampled, ratio = (summary([statistics.median(column) for column in side]) for side in zip(*(zip(*r) for r in rounds)))
    bench.say(f"sampling, {name}: {without['median']:.1f} cycles a packet without, {sampled['median']:.1f} with, ratio {ratio['median']:.4f}")
    return {"name": name, "without": without, "with": sampled, "ratio": ratio, "most": MOST, "met": ratio["median"] < MOST}


def measure(bench):
    table = bench.table(1000)
    return [measure_stream(bench, table, *stream) for stream in STREAMS.items()]


def show(rows):
    print("\n## Sampling for `show cycles`\n")
    print(f"Cycles per packet, with the device but without sending; {ROUNDS} rounds in one process: median (lowest to highest).\n")
    print("| requests | without | with | ratio | under | met |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['name']} | {three(r['without'], '{:.1f}')} | {three(r['with'], '{:.1f}')} | {three(r['ratio'], '{:.4f}')} | {r['most']} | "
              f"{'yes' if r['met'] else '**no**'} |")  # fmt: skip
