#!/usr/bin/env python3
# guest - sends one line to the guest's shell and prints what it answers; ends with the command's exit code.
# SPDX-License-Identifier: BSD-3-Clause
#
#   guest.py SOCKET SECONDS [COMMAND]      without a command: waits until the shell is there
import re
import socket
import sys
import time

path, seconds, command = sys.argv[1], float(sys.argv[2]), " ".join(sys.argv[3:])
end = time.monotonic() + seconds
last = rb"(?:^|\n)exit (\d+)\r?\n$" if command else rb"(?:^|\n)(ready)\r?\n$"

with socket.socket(socket.AF_UNIX) as line:
    line.connect(path)
    if command:
        line.sendall(command.encode() + b"\n")
    text = b""
    while not (found := re.search(last, text)):
        line.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = line.recv(65536)
        except TimeoutError:
            sys.exit(f"the guest did not answer within {seconds:g} s: {command or 'boot'}\n{text.decode()}")
        if not piece:
            sys.exit(f"the guest went away: {command or 'boot'}\n{text.decode()}")
        text += piece
sys.stdout.write(text[: found.start()].decode().replace("\r", "").lstrip("\n") + "\n")
sys.exit(int(found[1]) if command else 0)
