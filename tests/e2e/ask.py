#!/usr/bin/env python3
# ask - asks by DNS and HTTP in a loop and checks that each answer is wholly of version a or wholly of version b.
# SPDX-License-Identifier: BSD-3-Clause
#
#   ask.py ADDRESS SECONDS     prints how many answers were of each version; exit code 1 when one was of neither, or lost
import collections
import http.client
import socket
import struct
import sys
import time

address, seconds = sys.argv[1], float(sys.argv[2])
HOST = "reload.cdn.example"
VERSIONS = {("a", 11, 302): "a", ("b", 22, 307): "b"}


def wire(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def ask_dns(s, number):
    s.sendto(struct.pack("!6H", number, 0, 1, 0, 0, 0) + wire(HOST) + struct.pack("!2H", 1, 1), (address, 53))
    got = s.recv(2048)
    at = 12 + len(wire(HOST)) + 4
    ttl = struct.unpack("!I", got[at + 6 : at + 10])[0]
    target = got[at + 12 :]
    return struct.unpack("!H", got[:2])[0] == number, chr(target[1]), ttl


def ask_http():
    connection = http.client.HTTPConnection(address, timeout=3)
    connection.request("GET", "/x", headers={"Host": HOST})
    response = connection.getresponse()
    location = response.getheader("Location")
    connection.close()
    for version in "ab":
        if location == f"http://{version}.cdn-b.example/{version}/x":
            return version, response.status
    return location, response.status


counts = collections.Counter()
faults = []
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
end = time.monotonic() + seconds
number = 0
while time.monotonic() < end and len(faults) < 5:
    number = number % 65535 + 1
    try:
        mine, version, ttl = ask_dns(s, number)
        if not mine or (version, ttl) not in (("a", 11), ("b", 22)):
            faults.append(f"DNS answer of neither version: {version} with TTL {ttl}, own number: {mine}")
        else:
            counts["dns " + version] += 1
        version, status = ask_http()
        if (version, status) not in (("a", 302), ("b", 307)):
            faults.append(f"HTTP answer of neither version: {version} with status {status}")
        else:
            counts["http " + version] += 1
    except (OSError, http.client.HTTPException, IndexError, struct.error) as fault:
        faults.append(f"lost or cut answer: {fault!r}")
print(", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
print("\n".join(faults) if faults else "every answer of one version")
sys.exit(1 if faults or len(counts) < 4 else 0)
