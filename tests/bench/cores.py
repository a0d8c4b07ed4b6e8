# cores - what a second worker adds: rates of each worker, and of all of them beside that of one.
# SPDX-License-Identifier: BSD-3-Clause
#
# Each worker has a queue with a pcap of its own, and nothing in common with the others but the tables. Where there are two CPUs, the
# second worker shares one with the control thread and with what measures, so its rate is that of its own CPU time.
import os

from common import millions, summary
from ceiling import three


def counts():
    """Of workers: powers of two, so that a CPU is left for the control thread where there are more than two."""
    n, most = 1, max(2, len(os.sched_getaffinity(0)) - 1)
    while n <= most:
        yield n
        n *= 2


def cpus(bench, n):
    others = [c for c in sorted(os.sched_getaffinity(0), reverse=True) if c != bench.setup["control_cpu"]]
    return (others + [bench.setup["control_cpu"]])[:n]


def series(bench, name, table, stream):
    runs = {n: ([], []) for n in counts()}
    for i in range(bench.rounds):
        for n, (ours, others) in runs.items():
            a, b = bench.turn(table, stream, i + 1, cpus(bench, n))
            ours.append(a)
            others.append(b)
            bench.say(f"{name}, workers: {n}, round {i + 1}: turnoutd {' + '.join(f'{r / 1e6:.2f}' for r in a)} M/s, testpmd "
                      f"{' + '.join(f'{r / 1e6:.2f}' for r in b)} M/s")  # fmt: skip
    for n, (ours, others) in runs.items():
        yield {
            "name": name, "workers": n, "scopes": table.scopes, "per-worker": [summary(rates) for rates in zip(*ours)],
            "turnoutd": summary([sum(r) for r in ours]), "testpmd": summary([sum(r) for r in others]),
            "to-one": summary([sum(r) / one[0] for r, one in zip(ours, runs[1][0])]),
            "testpmd-to-one": summary([sum(r) / one[0] for r, one in zip(others, runs[1][1])]),
        }  # fmt: skip


def measure(bench):
    return bench.of_large_table(series)


def show(rows):
    print("\n## Workers\n")
    print("Million packets a second of CPU time of each worker, their sum, and the sum beside one worker in the same round. Workers")
    print("that do not write to each other's cache lines reach twice the rate of one: docs/sizing.md lists who writes which.\n")
    print("| requests | workers | each | turnoutd | to one | testpmd | to one |")
    print("|---|---|---|---|---|---|---|")
    for r in rows:
        each = "; ".join(millions(w) for w in r["per-worker"])
        print(f"| {r['name']} | {r['workers']} | {each} | {millions(r['turnoutd'])} | {three(r['to-one'])} | {millions(r['testpmd'])} | "
              f"{three(r['testpmd-to-one'])} |")  # fmt: skip
