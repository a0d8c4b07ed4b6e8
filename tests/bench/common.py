# common - what the benchmarks share: figures, the machine, processes.
# SPDX-License-Identifier: BSD-3-Clause
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
COOKIE_KEY = "000102030405060708090a0b0c0d0e0f"
MBUFS, MEMORY = 65535, 384


class Failure(Exception):
    pass


class Refused(Failure):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


# --- a program ---------------------------------------------------------------------------------------------------------


def read_options(parser, rounds, quick_rounds):
    """With those that all benchmarks have; a file that cannot be written is found before minutes of measuring."""
    parser.add_argument("--quick", action="store_true", help="smaller tables, short turns")
    parser.add_argument("--rounds", type=int, help=f"turns of each ({rounds}; with --quick {quick_rounds})")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = quick_rounds if options.quick else rounds
    if options.rounds < 1:
        parser.error("--rounds has to be 1 at least")
    if options.json:
        try:
            pathlib.Path(options.json).write_text("")
        except OSError as error:
            parser.error(f"{error.filename} cannot be written: {error.strerror}")
    return options


def write_json(options, result):
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")


@contextlib.contextmanager
def workplace(memory=MEMORY, prefix="turnout-bench"):
    """A folder, and whether programs in it may use so many MiB of hugepages; both are gone afterwards."""
    with Hugepages(memory) as hugepages, tempfile.TemporaryDirectory(prefix=f"{prefix}.") as name:
        yield pathlib.Path(name), hugepages.used


def end_with(name, main):
    """Runs the program and ends with its code; a signal ends it like a fault, so that nothing is left."""

    def on_signal(number, _):
        say(f"ended by signal {number}")
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


# --- figures -----------------------------------------------------------------------------------------------------------


def summary(runs):
    return {"median": statistics.median(runs), "min": min(runs), "max": max(runs), "runs": runs}


def percentiles(values):
    values = sorted(values)
    last = len(values) - 1
    return {"n": len(values), "median": values[last // 2], "p99": values[last * 99 // 100], "max": values[-1]}


def millions(runs):
    return f"{runs['median'] / 1e6:.2f} ({runs['min'] / 1e6:.2f} to {runs['max'] / 1e6:.2f})"


def make_row(figure, measured, wanted="", met=None, **values):
    return {"figure": figure, "measured": measured, "wanted": wanted, "met": met, **values}


def print_rows(rows):
    print("| figure | measured | wanted | met |")
    print("|---|---|---|---|")
    for r in rows:
        met = "" if r["met"] is None else "yes" if r["met"] else "**no**"
        print(f"| {r['figure']} | {r['measured']} | {r['wanted']} | {met} |")


# --- the machine -------------------------------------------------------------------------------------------------------


class Hugepages:
    """Reserves pages for the programs beside those that are there, and gives its own back; other benchmarks may do so meanwhile."""

    def __init__(self, memory=MEMORY):
        self.need, self.own = memory // 2 + 16, 0

    def __enter__(self):
        self.change(self.need)
        self.used = self.own >= self.need
        if not self.used:
            self.change(-self.own)
            say("bench: no hugepages to be had (root can reserve them); all programs go without")
        return self

    def __exit__(self, *_):
        self.change(-self.own)

    def change(self, pages):
        with contextlib.suppress(OSError), HUGEPAGES.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = int(file.read())
            HUGEPAGES.write_text(str(max(0, before + pages)))
            self.own += int(HUGEPAGES.read_text()) - before


def eal_memory(setup, mib):
    """Options of EAL for a program beside turnoutd, which shares its memory over virtio."""
    return "--single-file-segments", "--in-memory" if setup["hugepages"] else "--no-huge", "-m", str(mib)


def dpdk_folder(prefix):
    """Where a DPDK program with this file prefix has its telemetry socket; not all remove it."""
    return pathlib.Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp") if os.geteuid() else "/run") / "dpdk" / prefix


def describe_machine(hugepages):
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    dpdk = subprocess.run(["pkg-config", "--modversion", "libdpdk"], capture_output=True, text=True).stdout.strip()
    return {
        "cpu": model.group(1) if model else platform.processor(),
        "cpus": os.cpu_count(),
        "memory-mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "kernel": platform.release(),
        "dpdk": dpdk,
        "hugepages": hugepages,
    }


def machine_line(machine):
    return (f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory-mib'] / 1024:.0f} GiB, Linux {machine['kernel']}, "
            f"DPDK {machine['dpdk']}, {'2 MiB hugepages' if machine['hugepages'] else 'no hugepages'}")  # fmt: skip


def pick_cpus():
    """That of the worker, and that of everything else."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[-1], cpus[0]


# --- processes ---------------------------------------------------------------------------------------------------------


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def thread_seconds(process):
    """CPU time that each polling thread has had: on a machine that does other things too, less than the clock says."""
    seconds = {}
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith("rte-worker"):
            seconds[int(name.rsplit("-", 1)[1])] = int((task / "schedstat").read_text().split()[0]) / 1e9
    if not seconds:
        raise Failure("a program without a worker thread")
    return [seconds[lcore] for lcore in sorted(seconds)]


def tail(path):
    return "".join(f"\n    {line}" for line in path.read_text(errors="replace").splitlines()[-12:])
