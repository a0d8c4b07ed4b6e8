#!/usr/bin/env python3
# bad_sums - sends frames to a router of which one checksum each is wrong: UDP, TCP and IPv4 header, and UDP over IPv6.
# SPDX-License-Identifier: BSD-3-Clause
#
#   bad_sums.py LINK MAC SOURCE4 DESTINATION4 SOURCE6 DESTINATION6 COUNT     so many of each of the four kinds
import socket
import struct
import sys

link, mac, source4, destination4, source6, destination6, count = sys.argv[1:]
ETH_IP4, ETH_IP6, TCP, UDP, WRONG = 0x0800, 0x86DD, 6, 17, 0x0101
v4 = socket.inet_pton(socket.AF_INET, source4) + socket.inet_pton(socket.AF_INET, destination4)
v6 = socket.inet_pton(socket.AF_INET6, source6) + socket.inet_pton(socket.AF_INET6, destination6)
QUERY = struct.pack("!6H", 0x4242, 0, 1, 0, 0, 0) + b"\3www\3cdn\7example\0" + struct.pack("!2H", 1, 1)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF or 0xFFFF


def put(data, at, value):
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def l4(addresses, protocol, wrong):
    if protocol == UDP:
        segment, at = struct.pack("!HHHH", 5353, 53, 8 + len(QUERY), 0) + QUERY, 6
    else:
        segment, at = struct.pack("!HHIIHHHH", 5353, 80, 1, 0, 0x5002, 65535, 0, 0), 16
    right = checksum(addresses + struct.pack("!II", len(segment), protocol) + segment)
    return put(segment, at, right ^ (WRONG if wrong else 0))


def ip4(protocol, payload, wrong):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + v4
    return put(head, 10, checksum(head) ^ (WRONG if wrong else 0)) + payload


def ip6(protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + v6 + payload


with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind((link, 0))
    ethernet = bytes.fromhex(mac.replace(":", "")) + s.getsockname()[4]
    for _ in range(int(count)):
        for kind, packet in (
            (ETH_IP4, ip4(UDP, l4(v4, UDP, True), False)),
            (ETH_IP4, ip4(TCP, l4(v4, TCP, True), False)),
            (ETH_IP4, ip4(UDP, l4(v4, UDP, False), True)),
            (ETH_IP6, ip6(UDP, l4(v6, UDP, True))),
        ):
            s.send(ethernet + struct.pack("!H", kind) + packet)
