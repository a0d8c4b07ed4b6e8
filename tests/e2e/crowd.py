#!/usr/bin/env python3
# crowd - many connections to a TLS server at once, which stay open.
# SPDX-License-Identifier: BSD-3-Clause
#
#   crowd.py ADDRESS PORT COUNT [CERTIFICATE KEY]     with a certificate handshakes are done, without one they never begin
#
# It says "N open" when it has tried them all, and keeps them until it is ended.
import signal
import socket
import ssl
import sys

address, port, count, *files = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
if files:
    context.load_cert_chain(*files)


def connect():
    try:
        sock = socket.create_connection((address, int(port)), 10)
        return context.wrap_socket(sock) if files else sock
    except OSError:
        return None


def is_open(sock):
    sock.setblocking(False)
    try:
        while sock.recv(4096):
            pass
        return False
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


there = [c for c in (connect() for _ in range(int(count))) if c]
print(sum(map(is_open, there)), "open", flush=True)
signal.pause()
