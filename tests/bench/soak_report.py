# soak_report - what a soak says while it runs, and the table at its end.
# SPDX-License-Identifier: BSD-3-Clause
import re
import signal
import time

from common import make_row

GROWTH, GROWTH_MIB, GROWTH_DESCRIPTORS = 0.05, 16, 2  # memory may grow by the larger one


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def progress(soak, counts, elapsed, rate):
    memory, descriptors = soak.lives[-1].last
    return (
        f"soak: {clock(elapsed)} of {clock(soak.options.minutes * 60)}: {rate:,.0f} changes/s; "
        f"{counts['DNS right']:,} DNS and {counts['HTTP right']:,} HTTP answers right, {counts['wrong']} wrong, "
        f"{counts['missing']} missing, {counts['missing in restarts']} missing in restarts; {memory:.0f} MiB, "
        f"{descriptors} descriptors, state {soak.state_mib():.0f} MiB; "
        f"{len(soak.reloads)} reloads, {len(soak.starts) - 1} restarts"
    )


def found(pattern, text):
    match = re.search(pattern, text)
    return match[1].strip() if match else "nothing"


def flat(before, after):
    return after - before <= max(before * GROWTH, GROWTH_MIB)


def answer_rows(soak, judge, elapsed):
    counts = judge.counts
    up = elapsed - sum(min(end, time.monotonic()) - begin for begin, end in judge.down[1:])
    rate = counts["changes"] / up
    yield make_row(
        "answers compared",
        f"{counts['DNS right']:,} DNS and {counts['HTTP right']:,} HTTP right; more than one version was valid for "
        f"{counts['more than one valid']:,}", "some of both", counts["DNS right"] > 0 < counts["HTTP right"])  # fmt: skip
    yield make_row("wrong answers", str(counts["wrong"]), "0", counts["wrong"] == 0)
    yield make_row("missing answers, not in restarts", str(counts["missing"]), "0", counts["missing"] == 0)
    yield make_row("missing answers in restarts", str(counts["missing in restarts"]))
    yield make_row(
        "changes, each durable when acknowledged",
        f"{counts['changes']:,}; {rate:,.0f} a second between restarts; slowest {judge.slowest * 1e3:.0f} ms",
        f"{soak.options.rate:,} a second", rate > 0.95 * soak.options.rate)  # fmt: skip
    yield make_row("refused changes, reloads, stops", str(counts["refused"]), "0", counts["refused"] == 0)


def load_rows(load):
    codes = found(r"Response codes:\s*(.*)", load["dnsperf"])
    errors = found(r"Non-2xx or 3xx responses: (\d+)", load["wrk"])
    rates = found("Queries per second: *(.*)", load["dnsperf"]), found("Requests/sec: *(.*)", load["wrk"])
    good = codes.startswith("NOERROR") and "," not in codes
    yield make_row("dnsperf", f"{rates[0]} a second; codes: {codes}", "NOERROR only", good)
    yield make_row("wrk", f"{rates[1]} a second; error answers: {errors}", "nothing", errors == "nothing")


def growth_rows(soak, settled_memory):
    bound = f"at most {GROWTH:.0%} or {GROWTH_MIB} MiB more"
    memory, descriptors = ([(life.first[i], life.last[i]) for life in soak.lives if life.first] for i in (0, 1))
    last = soak.lives[-1].last[0]
    yield make_row(
        "resident memory of each process, settled and last (MiB)", ", ".join(f"{a:.0f} to {b:.0f}" for a, b in memory),
        bound, bool(memory) and all(flat(a, b) for a, b in memory))  # fmt: skip
    yield make_row(
        "resident memory settled after five minutes, and at the end", f"{settled_memory:.0f} MiB, {last:.0f} MiB", bound,
        flat(settled_memory, last))  # fmt: skip
    yield make_row(
        "descriptors of each process, settled and last", ", ".join(f"{a} to {b}" for a, b in descriptors),
        f"at most {GROWTH_DESCRIPTORS} more",
        bool(descriptors) and all(b - a <= GROWTH_DESCRIPTORS for a, b in descriptors))  # fmt: skip
    yield make_row("state file at the end", f"{soak.state_mib():.0f} MiB")


def rows_of(soak, judge, load, elapsed, settled_memory):
    return [
        make_row("time", clock(elapsed)),
        *answer_rows(soak, judge, elapsed),
        make_row("reloads, slowest", f"{len(soak.reloads)}, {max(soak.reloads, default=0):.2f} s"),
        make_row("restarts by SIGTERM, by kill -9; slowest start",
                 f"{soak.ends[signal.SIGTERM]}, {soak.ends[signal.SIGKILL]}; {max(soak.starts):.2f} s"),
        *load_rows(load),
        *growth_rows(soak, settled_memory),
    ]  # fmt: skip
