# plots - draws the figures of scripts/bench as SVG: ratios, rate over table size, cores and changes, and latencies.
# SPDX-License-Identifier: BSD-3-Clause
#
# Points are medians, bars reach from the lowest to the highest round.
import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

COLOURS = ("#0b62a4", "#c4480d", "#3a7d1e", "#7a3e9d", "#555555")
plt.rcParams.update({"figure.figsize": (7, 4.2), "figure.constrained_layout.use": True, "axes.grid": True, "grid.alpha": 0.4,
                     "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "turnout", "errorbar.capsize": 3})  # fmt: skip


def names(rows, key="name"):
    return list(dict.fromkeys(r[key] for r in rows))


def bars(summaries, scale=1.0):
    """Medians, and how far lowest and highest are from them."""
    middle = [s["median"] * scale for s in summaries]
    return middle, [[m - s["min"] * scale for m, s in zip(middle, summaries)], [s["max"] * scale - m for m, s in zip(middle, summaries)]]


def line(axes, x, summaries, label, colour, **style):
    middle, errors = bars(summaries, 1e-6)
    axes.errorbar(x, middle, yerr=errors, marker="o", label=label, color=colour, **style)


def finish(axes, title, x, y="million requests/s, one worker", legend="lower left"):
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc=legend)


def thousands(axes):
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


# --- one for each part -------------------------------------------------------------------------------------------------


def draw_ceiling(rows):
    figure, axes = plt.subplots()
    rows = rows[::-1]
    middle, errors = bars([r["ratio"] for r in rows])
    axes.barh(range(len(rows)), middle, xerr=errors, color=COLOURS[0], height=0.6, label="measured")
    for key, colour in (("least", COLOURS[1]), ("aim", COLOURS[2])):
        at = [(i, r[key]) for i, r in enumerate(rows) if r[key] is not None]
        axes.vlines([v for _, v in at], [i - 0.4 for i, _ in at], [i + 0.4 for i, _ in at], colour, lw=2,
                    label={"least": "at least", "aim": "aim"}[key])  # fmt: skip
    axes.set_yticks(range(len(rows)), [r["name"] for r in rows])
    axes.grid(axis="y", visible=False)
    axes.set(title="One worker beside testpmd 5tswap", xlabel="ratio of the rates, same packets, same core", xlim=(0, None))
    axes.legend(frameon=False, ncol=3, loc="upper center", bbox_to_anchor=(0.3, -0.14))
    return figure


def draw_table_size(rows):
    figure, both = plt.subplots(1, 2, sharey=True, figsize=(9, 4.2))
    for axes, key, other in zip(both, ("scopes", "prefixes"), ("prefixes", "scopes")):
        widths = {v: len({r[key] for r in rows if r[other] == v}) for v in {r[other] for r in rows}}
        fixed = max(widths, key=widths.get)
        for name, colour in zip(names(rows), COLOURS):
            some = sorted((r for r in rows if r["name"] == name and r[other] == fixed), key=lambda r: r[key])
            line(axes, [r[key] for r in some], [r["turnoutd"] for r in some], name, colour)
        axes.set_xscale("log")
        thousands(axes)
        finish(axes, f"with {fixed:,} {other}", f"{key} in the tables", "million requests/s, one worker" if key == "scopes" else "")
    figure.suptitle("Rate over the size of the tables")
    return figure


def draw_cores(rows):
    figure, axes = plt.subplots()
    for name, colour in zip(names(rows), COLOURS):
        some = [r for r in rows if r["name"] == name]
        n = [r["workers"] for r in some]
        line(axes, n, [r["turnoutd"] for r in some], name, colour)
        one = some[0]["turnoutd"]["median"] / 1e6
        axes.plot(n, [one * i for i in n], color=colour, ls=":", label=f"{name}: so many times one worker")
    axes.set_xticks(sorted({r["workers"] for r in rows}))
    finish(axes, "Rate over workers", "workers, one CPU each", "million requests/s, all workers", "upper left")
    return figure


def draw_update_rate(rows):
    figure, axes = plt.subplots()
    for name, colour in zip(names(rows), COLOURS):
        some = [r for r in rows if r["name"] == name]
        line(axes, [r["reached"]["median"] for r in some], [r["turnoutd"] for r in some], name, colour)
    axes.set_xscale("symlog", linthresh=100)
    axes.set_xlim(left=-10)
    thousands(axes)
    finish(axes, "Rate while the tables change", "scopes changed a second, each a durable commit")
    return figure


def draw_latency(rows):
    """Over the part of the answers that took longer: 90 %, 99 %, 99.9 % are as far from each other."""
    figure, axes = plt.subplots()
    kinds = names(rows, "kind")
    for row in rows:
        loads = [r["load"] for r in rows if r["kind"] == row["kind"]]
        points = [(100 / (100 - p), us) for p, us in row["percentiles"] if p < 100]
        axes.plot(*zip(*points), label=f"{row['kind']}, {row['load']}", ls=("-", "--", ":")[kinds.index(row["kind"]) % 3],
                  color=COLOURS[loads.index(row["load"]) % len(COLOURS)])  # fmt: skip
    axes.set(xscale="log", yscale="log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 - 100 / x:.7g}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda us, _: f"{us:g}"))
    axes.set(title="Latency", xlabel="percentile of the answers", ylabel="microseconds, at most")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


DRAWN = {"ceiling": draw_ceiling, "table-size": draw_table_size, "cores": draw_cores, "update-rate": draw_update_rate,
         "latency": draw_latency}  # fmt: skip


def draw(results, folder):
    for part, function in DRAWN.items():
        if results.get(part):
            figure = function(results[part])
            figure.savefig(folder / f"{part}.svg", facecolor="white", metadata={"Date": None})
            plt.close(figure)
