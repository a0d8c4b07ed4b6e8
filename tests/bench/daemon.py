# daemon - a running turnoutd and clients of its control socket.
# SPDX-License-Identifier: BSD-3-Clause
import collections
import json
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import threading
import time

from common import BUILD, COOKIE_KEY, MBUFS, MEMORY, Failure, Refused, dpdk_folder, end, end_with_parent, tail, thread_seconds

CONF = """
eal = {{ hugepages = {hugepages}; memory = {memory}; prefix = "{prefix}"; }};
workers = {{ count = {n_workers}; cpus = [ {worker_cpus} ]; control-cpu = {control_cpu}; idle = "{idle}"; }};
ports = ( {{ name = "p0"; vdev = "{vdev}"; addresses = [ "192.0.2.1", "2001:db8::1" ]; mbufs = {mbufs}; }} );
tcp = {{ cookie-keys = [ "{key}" ]; }};
control = {{ socket = "{folder}/turnout.sock"; drain = 0; }};
{state}
zones = ( {{ name = "cdn.example"; servers = ( {{ name = "ns1.cdn.example"; addresses = [ "192.0.2.1" ]; }} ); }} );
footprints = ( {{ name = "most"; footprints = ( {{ footprint-type = "ipv4cidr";
  footprint-value = [ "10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/10", "16.0.0.0/5", "24.0.0.0/6" ]; }} ); }} );
cdns = ( {cdns} );
dris = ( {dris} );
tables = [ {tables} ];
"""


# --- the control socket ------------------------------------------------------------------------------------------------


def request_line(method, params, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


class Control:
    """One client of the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def exchange(self, line):
        """One request line out, its answer line in, for methods that tell no progress."""
        self.socket.sendall(line)
        answer = self.file.readline()
        if b'"result"' not in answer:
            raise Refused(f"a change was refused: {answer.decode(errors='replace')}")
        return answer

    def call(self, method, params=None):
        self.socket.sendall(request_line(method, params or {}))
        while line := self.file.readline():
            answer = json.loads(line)
            if "error" in answer:
                faults = answer["error"].get("data", {}).get("faults", [])
                raise Refused("; ".join([f"{method}: {answer['error']['message']}", *(f["text"] for f in faults[:3])]))
            if "result" in answer:
                return answer["result"]
        raise Failure(f"{method}: turnoutd ended the connection")

    def close(self):
        self.file.close()
        self.socket.close()


class SlowestStatus(threading.Thread):
    """Asks for the status all the time, and notes how long each answer takes."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.times, self.over = path, [], False

    def run(self):
        control = Control(self.path)
        while not self.over:
            began = time.perf_counter()
            control.call("status")
            self.times.append(time.perf_counter() - began)
            time.sleep(0.002)
        control.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()


def put_line(kind, name, rest):
    """A commit of one object; rest is the text of its other members."""
    return (b'{"jsonrpc":"2.0","id":1,"method":"put","params":{"kind":"%s","object":{"name":"%s",%s}}}\n'
            % (kind.encode(), name.encode(), rest.encode()))  # fmt: skip


class Stream:
    """Sends request lines at a rate (None: as fast as they are answered) until they or the seconds are over."""

    WINDOW = 200  # not answered yet

    def __init__(self, path, lines, rate=None, seconds=None):
        self.lines, self.rate, self.seconds = lines, rate, seconds
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.waiting = collections.deque()
        self.times, self.sent, self.took, self.over = [], 0, 0.0, False

    def due(self, elapsed):
        room = self.WINDOW - len(self.waiting)
        return room if self.rate is None else min(room, int(elapsed * self.rate) - self.sent)

    def send(self, elapsed):
        batch = []
        for _ in range(self.due(elapsed)):
            line = next(self.lines, None)
            if line is None:
                self.over = True
                break
            batch.append(line)
        if batch:
            self.waiting.extend([time.perf_counter()] * len(batch))
            self.sent += len(batch)
            self.socket.sendall(b"".join(batch))

    def receive(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            return
        answers = self.socket.recv(1 << 18)
        if not answers:
            raise Failure("turnoutd ended the connection of changes")
        if b'"error"' in answers:
            raise Refused(f"a change was refused: {answers[:400].decode(errors='replace')}")
        now = time.perf_counter()
        for _ in range(answers.count(b"\n")):
            self.times.append(now - self.waiting.popleft())

    def run(self):
        began = time.perf_counter()
        while self.waiting or not self.over:
            elapsed = time.perf_counter() - began
            self.over = self.over or (self.seconds is not None and elapsed >= self.seconds)
            if not self.over:
                self.send(elapsed)
            self.receive(0.001 if self.due(elapsed) < self.WINDOW else 0)
            if elapsed > (self.seconds or 3600) + 60:
                raise Failure("changes are not answered any more")
        self.took = time.perf_counter() - began
        self.socket.close()
        return self

    def rate_reached(self):
        return len(self.times) / self.took


# --- a running turnoutd ------------------------------------------------------------------------------------------------


def write_conf(folder, setup):
    """setup: hugepages, prefix, vdev, worker_cpu, control_cpu; if it has them worker_cpus (for several workers), memory, mbufs,
    idle, state, tables (paths), cdns."""
    n, worker_cpus = setup.get("cdns", 8), setup.get("worker_cpus", [setup["worker_cpu"]])
    cdns = ", ".join(f'{{ name = "cdn-{i}"; }}' for i in range(n))
    dris = ", ".join(
        f'{{ cdn = "cdn-{i}"; dns-target = {{ host = "vod.cdn-{i}.example"; ttl = {30 + i}; }};'
        f' http-target = {{ host = "edge.cdn-{i}.example"; scheme = "http"; path-prefix = "/oc/{i}/";'
        f" include-redirecting-host = true; }}; }}"
        for i in range(n)
    )
    text = CONF.format(
        hugepages="true" if setup["hugepages"] else "false", memory=setup.get("memory", MEMORY), prefix=setup["prefix"],
        vdev=setup["vdev"], n_workers=len(worker_cpus), worker_cpus=", ".join(map(str, worker_cpus)), control_cpu=setup["control_cpu"], idle=setup.get("idle", "poll"),
        mbufs=setup.get("mbufs", MBUFS), key=COOKIE_KEY, folder=folder, cdns=cdns, dris=dris,
        state=f'state = {{ file = "{setup["state"]}"; }};' if "state" in setup else "",
        tables=", ".join(f'"{t}"' for t in setup.get("tables", ["table.jsonl"])),
    )  # fmt: skip
    (folder / "bench.conf").write_text(text)


class Daemon:
    """turnoutd with the bench.conf of a folder; started and ready within `with`, gone after it."""

    def __init__(self, folder, setup, before=()):
        self.folder, self.setup, self.before = folder, setup, before
        self.log = folder / "turnoutd.log"
        self.process = self.control = None

    def start(self):
        self.began = time.perf_counter()
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [*self.before, BUILD / "turnoutd", "-c", self.folder / "bench.conf"], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, preexec_fn=end_with_parent,
            )  # fmt: skip

    def check(self):
        if self.process.poll() is not None:
            raise Failure(f"turnoutd ended with code {self.process.returncode}:{tail(self.log)}")

    def wait(self, seconds=180):
        limit = time.monotonic() + seconds
        while self.control is None:
            try:
                self.control = Control(self.folder / "turnout.sock")
            except OSError:
                self.check()
                if time.monotonic() > limit:
                    raise Failure(f"turnoutd did not start within {seconds} seconds:{tail(self.log)}") from None
                time.sleep(0.005)
        self.call("status")
        return time.perf_counter() - self.began

    def __enter__(self):
        self.start()
        try:
            self.started_in = self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.hang_up()
        if self.process:
            end(self.process)
        shutil.rmtree(dpdk_folder(self.setup["prefix"]), ignore_errors=True)

    def hang_up(self):
        if self.control:
            self.control.close()
        self.control = None

    def stop(self, number):
        """Ends it with a signal; gives the seconds that it took."""
        began = time.perf_counter()
        self.hang_up()
        self.process.send_signal(number)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            raise Failure(f"turnoutd does not end on signal {number}:{tail(self.log)}") from None
        return time.perf_counter() - began

    def call(self, method, params=None):
        return self.control.call(method, params)

    def slowest_status(self):
        return SlowestStatus(self.folder / "turnout.sock")

    def stream(self, lines, **options):
        return Stream(self.folder / "turnout.sock", lines, **options)

    def counters(self):
        worker = self.call("show.workers")["workers"][0]
        drops = self.call("show.drops")["drops"]
        return worker["rx-packets"], worker["tx-packets"], {d["reason"]: d["count"] for d in drops}

    def memory(self):
        """MiB, hugepages included: resident, and its highest so far."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        rss, highest, huge = (int(re.search(rf"{k}:\s*(\d+)", text).group(1)) / 1024 for k in ("VmRSS", "VmHWM", "HugetlbPages"))
        return rss + huge, highest + huge

    def cpu_seconds(self):
        """Of all threads, also of those that have ended."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def control_seconds(self):
        """Of all threads but the workers."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        total = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        return total / 1e9 - sum(thread_seconds(self.process))

    def settle(self, seconds=60):
        """Until all but the worker have next to nothing to do for a fifth of a second."""
        limit, busy = time.monotonic() + seconds, True
        while busy and time.monotonic() < limit:
            before = self.control_seconds()
            time.sleep(0.2)
            busy = self.control_seconds() - before > 0.012


MISSES = {"dns_refused", "dns_nxdomain", "http_no_scope"}


def all_answered(rx, tx, before, after, misses):
    new = {name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)}
    bad = {name: n for name, n in new.items() if not misses or name not in MISSES}
    if bad or tx < 0.99 * rx:
        raise Failure(f"not every request was redirected: {tx / rx:.2%} of the packets were answered, drops {bad}")


def rates_of_workers(daemon, seconds, misses=False):
    """Of each the packets per second of its CPU time. Every one has to be redirected, or, if there are to be misses, answered so."""
    t0, before = thread_seconds(daemon.process), daemon.call("show.workers")["workers"]
    drops0 = daemon.counters()[2]
    time.sleep(seconds)
    t1, after = thread_seconds(daemon.process), daemon.call("show.workers")["workers"]
    rates = []
    for old, new, seconds0, seconds1 in zip(before, after, t0, t1):
        rx, tx = (new[key] - old[key] for key in ("rx-packets", "tx-packets"))
        if not rx:
            raise Failure(f"a worker of turnoutd received nothing:{tail(daemon.log)}")
        all_answered(rx, tx, drops0, daemon.counters()[2], misses)
        rates.append(rx / (seconds1 - seconds0))
    return rates


def rate_of_worker(daemon, seconds, misses=False):
    return rates_of_workers(daemon, seconds, misses)[0]
