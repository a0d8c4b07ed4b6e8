#!/usr/bin/env python3
# proxy_v2 - says PROXY (version 2) for a client before one or more requests on one connection, and prints the Location of each answer.
# SPDX-License-Identifier: BSD-3-Clause
#
#   proxy_v2.py ADDRESS CLIENT HOST [PATH...]     CLIENT: an address; "local"; "-": no header; "cut": one that is not good
import ipaddress
import re
import socket
import struct
import sys

address, client, host = sys.argv[1:4]
paths = sys.argv[4:] or ["/"]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header():
    if client == "-":
        return b""
    if client == "local":
        return SIGNATURE + b"\x20\x00" + struct.pack(">H", 0)
    if client == "cut":
        return SIGNATURE + b"\x21\x11" + struct.pack(">H", 4) + b"\x01\x02\x03\x04"
    octets = ipaddress.ip_address(client).packed
    tlv = b"\x04\x00\x03pad"
    body = octets + bytes(len(octets)) + struct.pack(">HH", 4711, 80) + tlv
    return SIGNATURE + (b"\x21\x11" if len(octets) == 4 else b"\x21\x21") + struct.pack(">H", len(body)) + body


with socket.create_connection((address, 80), timeout=5) as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    start = header()
    for i, path in enumerate(paths):
        close = "Connection: close\r\n" if i == len(paths) - 1 else ""
        s.sendall(start + f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n".encode())
        start, heard = b"", b""
        while b"\r\n\r\n" not in heard:
            piece = s.recv(65536)
            if not piece:
                break
            heard += piece
        text = heard.decode("latin-1")
        location = re.search(r"\r\nLocation: (.*?)\r\n", text)
        print(text[9:12], location.group(1) if location else "", flush=True)
