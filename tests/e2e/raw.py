#!/usr/bin/env python3
# raw - sends the given bytes (with backslash escapes) in one TCP segment and prints what comes back.
# SPDX-License-Identifier: BSD-3-Clause
#
#   raw.py ADDRESS PORT BYTES [FILE]     with FILE: connects, says so, and sends when the file is there
import os
import socket
import sys
import time

address, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with socket.create_connection((address, port), timeout=5) as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if len(sys.argv) > 4:
        print("connected", flush=True)
        while not os.path.exists(sys.argv[4]):
            time.sleep(0.05)
    s.sendall(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    while piece := s.recv(65536):
        sys.stdout.write(piece.decode("latin-1"))
