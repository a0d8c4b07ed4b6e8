#!/usr/bin/env python3
# dns_burst - sends equal DNS queries over one UDP socket at once; prints how many whole and how many truncated answers come back.
# SPDX-License-Identifier: BSD-3-Clause
#
#   dns_burst.py [--cookie] [--pad OCTETS] ADDRESS COUNT NAME     --cookie: with a cookie that the server gave before;
#       --pad: with an option of so many octets (RFC 7830)
import argparse
import socket
import struct

parser = argparse.ArgumentParser()
parser.add_argument("--cookie", action="store_true")
parser.add_argument("--pad", type=int)
parser.add_argument("address")
parser.add_argument("count", type=int)
parser.add_argument("name")
asked = parser.parse_args()
count = asked.count


def query(number, option):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in asked.name.split("."))
    opt = struct.pack(">BHHIH", 0, 41, 1232, 0, len(option)) + option
    return struct.pack(">6H", number, 0, 1, 0, 0, 1) + labels + struct.pack(">BHH", 0, 1, 1) + opt


def cookie_of(answer):
    at = answer.index(struct.pack(">HH", 10, 24))
    return answer[at:at + 28]


with socket.socket(socket.AF_INET6 if ":" in asked.address else socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.connect((asked.address, 53))
    s.settimeout(1)
    option = b"" if asked.pad is None else struct.pack(">HH", 12, asked.pad) + bytes(asked.pad)
    if asked.cookie:
        s.send(query(0, struct.pack(">HH", 10, 8) + b"turnout!"))
        option = cookie_of(s.recv(4096))
    for number in range(count):
        s.send(query(number, option))
    whole = truncated = 0
    try:
        while whole + truncated < count:
            if s.recv(4096)[2] & 2:
                truncated += 1
            else:
                whole += 1
    except TimeoutError:
        pass
    print(f"answers {whole}, truncated {truncated}")
