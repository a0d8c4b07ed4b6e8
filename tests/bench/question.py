# question - asks turnoutd by DNS from a network namespace, and reads what it answers.
# SPDX-License-Identifier: BSD-3-Clause
import ctypes
import os
import socket
import struct

from common import Failure

ADDRESS = "192.0.2.1"


def network_file(path):
    return os.fdopen(os.open(path, os.O_RDONLY))


def set_network(file):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(file.fileno(), 0x40000000) < 0:  # CLONE_NEWNET
        raise Failure(f"cannot enter a network namespace: {os.strerror(ctypes.get_errno())}")


def enter(namespace):
    """From now on this thread makes its sockets there."""
    with network_file(f"/run/netns/{namespace}") as there:
        set_network(there)


def socket_in(namespace, kind):
    """A socket from there."""
    with network_file("/proc/thread-self/ns/net") as here:
        enter(namespace)
        try:
            return socket.socket(socket.AF_INET, kind)
        finally:
            set_network(here)


def dns_query(name, number):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def dns_answer(packet):
    """Its number, its code, and of the first record: the first two labels of the CNAME, and its TTL."""
    number, flags, _, answers = struct.unpack_from("!4H", packet)
    if not answers:
        return number, flags & 15, None, None
    at = 12
    while packet[at]:
        at += 1 + packet[at]
    at += 5  # root label, type, class
    ttl, target = struct.unpack_from("!I", packet, at + 6)[0], at + 12
    labels = []
    while len(labels) < 2 and 0 < packet[target] < 64:
        labels.append(packet[target + 1 : target + 1 + packet[target]].decode())
        target += 1 + packet[target]
    return number, flags & 15, ".".join(labels), ttl
