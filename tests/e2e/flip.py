#!/usr/bin/env python3
# flip - a DRI and its scope go to and fro between two states in one transaction each, while clients check every answer.
# SPDX-License-Identifier: BSD-3-Clause
#
#   flip.py change ADDRESS SECONDS SOCKET     makes the changes; after each one the next answer has to be of the new state
#   flip.py ask ADDRESS SECONDS               asks by DNS and HTTP: each answer has to be wholly of one of the two states
#
# Prints what it did; exit code 1: an answer of no state, of an outdated one, or lost.
import collections
import http.client
import socket
import struct
import sys
import time

from rpc import Rpc

HOST = "flip.cdn.example"
A, AAAA = 1, 28
STATES = {
    "a": {"ttl": 11, "ip4": ["192.0.2.10", "192.0.2.11"], "ip6": ["2001:db8::10", "2001:db8::11"], "status": 302},
    "b": {"ttl": 22, "ip4": ["192.0.2.20", "192.0.2.21"], "ip6": ["2001:db8::20", "2001:db8::21"], "status": 307},
}


def dri(name):
    state = STATES[name]
    return {
        "cdn": "flip",
        "dns-target": {"addresses": state["ip4"] + state["ip6"], "ttl": state["ttl"]},
        "http-target": {"host": f"{name}.example", "scheme": "http", "path-prefix": f"/{name}/"},
    }


def scope(name):
    return {"name": "flip", "hosts": [HOST], "http-status": STATES[name]["status"], "candidates": [{"cdn": "flip"}]}


def put_both(rpc, name):
    transaction = rpc.call("begin")["transaction"]
    rpc.call("put", kind="dri", object=dri(name), transaction=transaction)
    rpc.call("put", kind="scope", object=scope(name), transaction=transaction)
    rpc.call("commit", transaction=transaction)


# --- questions -------------------------------------------------------------------------------------------------------


def wire(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


class Dns:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(3)
        self.socket.connect((address, 53))
        self.number = 0

    def ask(self, kind):
        """The state that the answer is of, or what it is instead."""
        self.number = self.number % 65535 + 1
        self.socket.send(struct.pack("!6H", self.number, 0, 1, 0, 0, 0) + wire(HOST) + struct.pack("!2H", kind, 1))
        got = self.socket.recv(4096)
        number, flags, _, n, _, _ = struct.unpack("!6H", got[:12])
        family, size = (socket.AF_INET, 4) if kind == A else (socket.AF_INET6, 16)
        at, found = 12 + len(wire(HOST)) + 4, []
        for _ in range(n):
            ttl = struct.unpack("!I", got[at + 6 : at + 10])[0]
            found.append((socket.inet_ntop(family, got[at + 12 : at + 12 + size]), ttl))
            at += 12 + size
        for name, state in STATES.items():
            addresses = state["ip4" if kind == A else "ip6"]
            if number == self.number and not flags & 15 and sorted(found) == [(one, state["ttl"]) for one in addresses]:
                return name
        return f"{found} with RCODE {flags & 15}"


def ask_http(address):
    connection = http.client.HTTPConnection(address, timeout=3)
    connection.request("GET", "/x", headers={"Host": HOST})
    response = connection.getresponse()
    got = response.status, response.getheader("Location")
    connection.close()
    for name, state in STATES.items():
        if got == (state["status"], f"http://{name}.example/{name}/x"):
            return name
    return f"{got[0]} {got[1]}"


# --- the two roles ---------------------------------------------------------------------------------------------------


class Checks:
    def __init__(self):
        self.counts, self.faults = collections.Counter(), []

    def take(self, what, ask, *args, states="ab"):
        try:
            got = ask(*args)
        except (OSError, http.client.HTTPException, ValueError, IndexError, struct.error) as fault:
            got = f"lost or cut: {fault!r}"
        self.counts[f"{what} {got}"] += 1
        if len(got) != 1 or got not in states:
            self.faults.append(f"{what}: {got}, expected {' or '.join(states)}")

    def end(self, enough):
        print(", ".join(f"{n} {what}" for what, n in sorted(self.counts.items()) if what[-2] == " "))
        print("\n".join(self.faults) or "every answer of one state")
        sys.exit(1 if self.faults or not enough else 0)


def change(address, end, rpc):
    checks, dns, name, rounds = Checks(), Dns(address), "a", 0
    while time.monotonic() < end and len(checks.faults) < 5:
        name = "b" if name == "a" else "a"
        put_both(rpc, name)
        rounds += 1
        if rounds % 20 in (0, 7):
            checks.take("after it DNS", dns.ask, A, states=name)
        if rounds % 20 in (0, 13):
            checks.take("after it HTTP", ask_http, address, states=name)
    print(f"{rounds} changes")
    checks.end(rounds > 100)


def ask(address, end):
    checks, dns = Checks(), Dns(address)
    while time.monotonic() < end and len(checks.faults) < 5:
        for _ in range(5):
            checks.take("A", dns.ask, A)
            checks.take("AAAA", dns.ask, AAAA)
        checks.take("HTTP", ask_http, address)
    checks.end(len(checks.counts) == 6)


def main():
    role, address, end = sys.argv[1], sys.argv[2], time.monotonic() + float(sys.argv[3])
    if role == "change":
        change(address, end, Rpc(sys.argv[4]))
    ask(address, end)


if __name__ == "__main__":
    main()
