#!/usr/bin/env python3
# times - asks a router for the A record of a name again and again; says the median in ms, and how often each answer came.
# SPDX-License-Identifier: BSD-3-Clause
#
#   times.py ADDRESS NAME COUNT GAP-MS     "median 3 ms: 192.0.2.91 17, cname 3"; a name that ends in '*' has a number in its place
import collections
import socket
import statistics
import struct
import sys
import time

address, name, count, gap = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(2)
sock.connect((address, 53))


def ask(number):
    labels = name.replace("*", str(number)).split(".")
    question = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0" + struct.pack("!2H", 1, 1)
    sock.send(struct.pack("!6H", number, 0, 1, 0, 0, 0) + question)
    try:
        got = sock.recv(2048)
        while got[:2] != struct.pack("!H", number):
            got = sock.recv(2048)
    except TimeoutError:
        return "lost"
    at = 12 + len(question)
    if not struct.unpack("!H", got[6:8])[0]:
        return "none"
    kind, _, _, _ = struct.unpack("!2HIH", got[at + 2 : at + 12])
    return socket.inet_ntoa(got[at + 12 : at + 16]) if kind == 1 else "cname"


times, answers = [], collections.Counter()
for i in range(count):
    began = time.perf_counter()
    answers[ask(i + 1)] += 1
    times.append(time.perf_counter() - began)
    time.sleep(max(0, gap / 1e3 - times[-1]))
print(f"median {statistics.median(times) * 1e3:.0f} ms: " + ", ".join(f"{a} {n}" for a, n in sorted(answers.items())))
