#!/usr/bin/env python3
# tcp_client - connections as clients rarely make them; prints what came of each.
# SPDX-License-Identifier: BSD-3-Clause
#
#   tcp_client.py ADDRESS split       a request in two segments, cut at each octet; how many answers were good
#   tcp_client.py ADDRESS trickle     one request octet by octet
#   tcp_client.py ADDRESS half        closes its side with the request, and reads on
#   tcp_client.py ADDRESS dns N       N queries at once over one connection, in odd pieces; how many answers came, in order
#   tcp_client.py ADDRESS reader      reads nothing for a second, with a small window, and then all
#   tcp_client.py ADDRESS slow N S    N connections with half a request each, for S seconds; how many were closed meanwhile
import select
import socket
import struct
import sys
import time

address, what = sys.argv[1:3]
REQUEST = b"GET /live/9?q=1 HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n"
GOOD = b"Location: https://cache.cdn-c.example:8080/live/9?q=1\r\n"


def connect(port=80, receive=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family)
    s.settimeout(8)
    if receive:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.connect((address, port))
    return s


def rest(s):
    all = b""
    while piece := s.recv(65536):
        all += piece
    return all


def split():
    good = 0
    for at in range(1, len(REQUEST)):
        with connect() as s:
            s.sendall(REQUEST[:at])
            time.sleep(0.002)
            s.sendall(REQUEST[at:])
            good += GOOD in rest(s)
    print("good", good, "of", len(REQUEST) - 1)


def trickle():
    with connect() as s:
        for octet in REQUEST:
            s.sendall(bytes([octet]))
        print("good" if GOOD in rest(s) else "bad")


def half():
    with connect() as s:
        s.sendall(REQUEST)
        s.shutdown(socket.SHUT_WR)
        print("good" if GOOD in rest(s) else "bad")


def query(number):
    name = b"\x01h\x04wild\x03cdn\x07example\x00"
    message = struct.pack(">6H", number, 0, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
    return struct.pack(">H", len(message)) + message


def dns(n):
    with connect(53) as s:
        all = b"".join(query(i) for i in range(n))
        for at in range(0, len(all), 777):
            s.sendall(all[at : at + 777])
        heard = s.makefile("rb")
        for i in range(n):
            (length,) = struct.unpack(">H", heard.read(2))
            message = heard.read(length)
            if struct.unpack(">H", message[:2])[0] != i or message[6:8] == b"\0\0":
                print("bad answer", i)
                return
        print("good", n)


def reader():
    with connect(53, receive=2048) as s:
        n = 400
        s.sendall(b"".join(query(i) for i in range(n)))
        time.sleep(1)
        heard = s.makefile("rb")
        for i in range(n):
            (length,) = struct.unpack(">H", heard.read(2))
            if struct.unpack(">H", heard.read(length)[:2])[0] != i:
                print("bad answer", i)
                return
        print("good", n)


def slow(n, seconds):
    sockets = []
    for _ in range(n):
        s = connect()
        s.sendall(REQUEST[:20])
        sockets.append(s)
    print("open", flush=True)
    end, closed = time.time() + seconds, 0
    while sockets and time.time() < end:
        ready, _, _ = select.select(sockets, [], [], max(0, end - time.time()))
        for s in ready:
            closed += 1
            sockets.remove(s)
            s.close()
    print("closed", closed)


run = {"split": split, "trickle": trickle, "half": half, "dns": dns, "reader": reader, "slow": slow}
run[what](*map(int, sys.argv[3:]))
