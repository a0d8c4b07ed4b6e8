#!/usr/bin/env python3
# watch - calls a method that takes long, and asks for the status all the while: how long did turnoutd keep the asker waiting?
# SPDX-License-Identifier: BSD-3-Clause
#
#   watch.py SOCKET PID METHOD PARAMS     prints the result and the slowest answers; exit code 1: an error, or one too slow
#
# What counts is the processor time that the control thread spends between a question and its answer, which other
# programs on the machine do not change; the clock on the wall has a wide bound.
import json
import sys
import threading
import time

from rpc import Refused, Rpc

CPU_MS, WALL_MS = 50, 1000
path, pid, method, params = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
phases, outcome = [], {}


def told(_, progress):
    phases.append(progress)


def call():
    try:
        outcome["result"] = Rpc(path, 120, told).call(method, **params)
    except (Refused, OSError) as fault:
        outcome["fault"] = "\n".join(fault.lines()) if isinstance(fault, Refused) else str(fault)


def cpu_ms():
    with open(f"/proc/{pid}/task/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


asker = Rpc(path)
generation = asker.call("status")["view"]["generation"]
worker = threading.Thread(target=call)
worker.start()
began = time.monotonic()
slowest_cpu = slowest_wall = calls = late = 0
while worker.is_alive():
    cpu, wall = cpu_ms(), time.monotonic()
    status = asker.call("status")
    wall = (time.monotonic() - wall) * 1000
    slowest_cpu, slowest_wall = max(slowest_cpu, cpu_ms() - cpu), max(slowest_wall, wall)
    late += wall > CPU_MS
    calls += 1
    time.sleep(0.001)
seconds = time.monotonic() - began
worker.join()
if "fault" in outcome:
    sys.exit(outcome["fault"])
print(json.dumps(outcome["result"]))
print("phases:", " ".join(sorted({progress["phase"] for progress in phases})) or "none")
print(f"{calls} times status in {seconds:.1f} s, {late} of them over {CPU_MS} ms")
print(f"slowest: {slowest_cpu:.0f} ms of processor time, {slowest_wall:.0f} ms by the clock")
sys.exit(slowest_cpu > CPU_MS or slowest_wall > WALL_MS)
