# table_size - the rate of one worker over the number of scopes and of prefixes in its tables.
# SPDX-License-Identifier: BSD-3-Clause
from ceiling import three
from common import millions


def sizes(quick):
    """Scopes, prefixes; all with the same number of scopes or of prefixes as others."""
    if quick:
        return [(1000, 10000), (100000, 10000), (100000, 100000)]
    return [(1000, 10000), (10000, 10000), (100000, 10000), (1000000, 10000), (100000, 100000), (100000, 1000000)]


def measure(bench):
    rows = []
    for size in sizes(bench.quick):
        known = size in bench.tables
        table = bench.table(*size)
        for name, stream in bench.uniform.items():
            rows.append(bench.compare(f"{name}, {size[0]:,} scopes, {size[1]:,} prefixes", table, stream, max(1, bench.rounds // 2)))
            rows[-1]["name"] = name
        if not known:
            bench.forget(table)
    return rows


def show(rows):
    print("\n## Size of the tables\n")
    print("Million requests a second of one worker: median (lowest to highest).\n")
    print("| requests | scopes | prefixes | turnoutd | testpmd | ratio |")
    print("|---|---|---|---|---|---|")
    for r in sorted(rows, key=lambda r: r["name"]):
        print(f"| {r['name']} | {r['scopes']:,} | {r['prefixes']:,} | {millions(r['turnoutd'])} | {millions(r['testpmd'])} | "
              f"{three(r['ratio'])} |")  # fmt: skip
