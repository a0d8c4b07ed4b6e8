#!/usr/bin/env python3
# vlan - asks a DNS question in a frame with a VLAN tag and prints the tag of the answer. Without the kernel's VLAN module.
# SPDX-License-Identifier: BSD-3-Clause
#
#   vlan.py LINK TAG SOURCE DESTINATION DESTINATION_MAC NAME
import socket
import struct
import sys
import time

link, tag, source, destination, mac, name = sys.argv[1:]
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 3, 263, 8, 0x10


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_udp(payload):
    src, dst = socket.inet_aton(source), socket.inet_aton(destination)
    udp = struct.pack("!HHHH", 5353, 53, 8 + len(payload), 0) + payload
    udp_sum = checksum(src + dst + struct.pack("!BBH", 0, 17, len(udp)) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack("!H", udp_sum) + udp[8:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + src + dst
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def query():
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return struct.pack("!6H", 0x4242, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
s.bind((link, 0))
s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
s.settimeout(0.5)
own = s.getsockname()[4]
frame = bytes.fromhex(mac.replace(":", "")) + own + struct.pack("!HHH", 0x8100, int(tag), 0x0800) + ipv4_udp(query())

end = time.monotonic() + 5
s.send(frame)
while time.monotonic() < end:
    try:
        got, auxiliary, _, address = s.recvmsg(2048, 256)
    except TimeoutError:
        s.send(frame)
        continue
    if got[:6] != own or address[2] == socket.PACKET_OUTGOING:
        continue
    got_tag = None
    if got[12:14] == b"\x81\x00":
        got_tag, got = struct.unpack("!H", got[14:16])[0] & 0xFFF, got[:12] + got[16:]
    for level, kind, data in auxiliary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & VLAN_VALID:
                got_tag = tci & 0xFFF
    if got[23] == 17 and got[42:44] == b"\x42\x42":
        answers = struct.unpack("!H", got[48:50])[0]
        print(f"tag {got_tag}, {answers} answers")
        sys.exit(0)
sys.exit("no answer")
