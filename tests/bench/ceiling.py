# ceiling - requests per second of one worker, as parts of what testpmd forwards of the same packets.
# SPDX-License-Identifier: BSD-3-Clause
from common import millions
from in_memory import GET

SMALL = (1000,)


def cases(quick):
    """Name, size of the table (scopes, prefixes, expressions), stream, at least, aim."""
    many = 100000 if quick else 1000000
    big, patterns = (many, many), (many, many, many // 100)
    yield "DNS A, EDNS and client subnet, Zipf", big, ["dns", "--zipf"], 0.35, 0.55
    yield "DNS A, EDNS and client subnet, uniform", big, ["dns"], 0.25, 0.40
    yield "GET of 400 octets, Zipf, expressions", patterns, [*GET, "--zipf"], 0.28, 0.45
    yield "GET of 400 octets, uniform, expressions", patterns, GET, 0.28, 0.45
    yield "SYN", SMALL, ["syn"], 0.50, 0.75
    if not quick:
        yield "mix of DNS queries", big, MIX_DNS, None, None
        yield "mix of browsers' GETs", big, MIX_HTTP, None, None


MIX_DNS = ["dns", "--zipf", "--ipv6", "30", "--edns", "85", "--ecs", "30", "--dns-cookies", "40", "--aaaa", "30", "--misses", "5"]
MIX_HTTP = ["http", "--zipf", "--ipv6", "30", "--browsers", "--misses", "2"]


def measure(bench):
    rows = []
    for name, size, stream, least, aim in cases(bench.quick):
        row = bench.compare(name, bench.table(*size), stream, misses="--misses" in stream)
        ratio = row["ratio"]["median"]
        rows.append({**row, "regexes": size[2] if len(size) > 2 else 0, "least": least, "aim": aim,
                     "met": None if least is None else ratio >= least, "aim-met": None if aim is None else ratio >= aim})  # fmt: skip
    return rows


def three(values, form="{:.3f}"):
    return f"{form} ({form} to {form})".format(values["median"], values["min"], values["max"])


def met(row):
    return "" if row["met"] is None else "aim" if row["aim-met"] else "yes" if row["met"] else "**no**"


def show(rows):
    print("\n## One worker beside testpmd 5tswap on the same packets\n")
    print("Million packets a second and their ratio in the same round: median (lowest to highest).\n")
    print("| requests | scopes | prefixes | expressions | turnoutd | testpmd | ratio | at least | aim | met |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        wanted = (f"{w:.2f}" if w else "" for w in (r["least"], r["aim"]))
        print(f"| {r['name']} | {r['scopes']:,} | {r['prefixes']:,} | {r['regexes']:,} | {millions(r['turnoutd'])} | "
              f"{millions(r['testpmd'])} | {three(r['ratio'])} | {' | '.join(wanted)} | {met(r)} |")  # fmt: skip
