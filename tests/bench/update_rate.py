# update_rate - the rate of one worker while so many scopes of its table change each second, each change a durable commit.
# SPDX-License-Identifier: BSD-3-Clause
import shutil
import time

from ceiling import three
from changes import Background, endless_changes
from common import millions, summary
from daemon import rate_of_worker

RATES = (0, 100, 1000, 10000)


def one_round(bench, table, stream, i):
    """All rates in one process, that starts with the table as it was loaded."""
    clean = table.folder / "clean"
    if not clean.exists():
        clean.mkdir()
        for file in table.folder.glob("state.db*"):
            shutil.copy(file, clean)
    vdev = bench.endless([bench.requests(table, stream, i + 1)])
    with bench.daemon(table, vdev, [bench.setup["worker_cpu"]]) as daemon:
        for wanted in RATES:
            daemon.settle()
            if not wanted:
                yield wanted, rate_of_worker(daemon, bench.seconds), 0
                continue
            changes = daemon.stream(endless_changes(table.scopes // 2, i), rate=wanted)
            with Background(changes):
                time.sleep(bench.seconds / 4)
                rate = rate_of_worker(daemon, bench.seconds)
            yield wanted, rate, changes.rate_reached()
    for file in table.folder.glob("state.db*"):
        file.unlink()
    for file in clean.iterdir():
        shutil.copy(file, table.folder)


def series(bench, name, table, stream):
    rates, reached = ({wanted: [] for wanted in RATES} for _ in range(2))
    for i in range(bench.rounds):
        for wanted, rate, changes in one_round(bench, table, stream, i):
            rates[wanted].append(rate)
            reached[wanted].append(changes)
            bench.say(f"{name}, round {i + 1}: {changes:,.0f} changes a second: {rate / 1e6:.2f} M/s")
    for wanted in RATES:
        yield {
            "name": name, "scopes": table.scopes, "changes": wanted, "reached": summary(reached[wanted]),
            "turnoutd": summary(rates[wanted]), "to-quiet": summary([r / quiet for r, quiet in zip(rates[wanted], rates[0])]),
        }  # fmt: skip


def measure(bench):
    return bench.of_large_table(series)


def show(rows):
    print("\n## Changes of the tables meanwhile\n")
    print("Scopes changed each second, each a durable commit; million requests a second of one worker, and beside its quiet rate.\n")
    print("| requests | scopes | changes/s wanted | reached | turnoutd | to quiet |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r['name']} | {r['scopes']:,} | {r['changes']:,} | {r['reached']['median']:,.0f} | {millions(r['turnoutd'])} | "
              f"{three(r['to-quiet'])} |")  # fmt: skip
