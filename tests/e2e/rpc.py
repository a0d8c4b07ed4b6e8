#!/usr/bin/env python3
# rpc - sends one request to turnoutd's control socket and prints what comes back; a client for the other tests.
# SPDX-License-Identifier: BSD-3-Clause
#
#   rpc.py SOCKET METHOD [PARAMS [MEMBER...]]     PARAMS: a JSON object; "-" reads it from standard input. MEMBER...: print
#                                                 only that member of the result. Exit code 1: an error came back
import json
import socket
import sys


class Refused(Exception):
    """The error of an answer: its code, its sentence, and the faults that came with it."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.faults = (error.get("data") or {}).get("faults", [])

    def lines(self):
        yield f"error {self.code}: {self}"
        for fault in self.faults:
            yield f"{fault['file'] or '-'}:{fault['line']}: {fault['text']}"


class Rpc:
    """A connection. OSError (ConnectionError): the daemon is gone, or says nothing for that many seconds."""

    def __init__(self, path, timeout=60, told=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.told = told or (lambda method, params: None)
        self.id = 0

    def send(self, method, params):
        self.id += 1
        request = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def answer(self):
        while True:
            line = self.lines.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("turnoutd closed the connection")
            message = json.loads(line)
            if "method" in message:
                self.told(message["method"], message["params"])
            elif "error" in message:
                raise Refused(message["error"])
            elif message["id"] == self.id:
                return message["result"]
            else:
                raise ConnectionError(f"the answer has the id {message['id']} in place of {self.id}")

    def call(self, method, **params):
        self.send(method, params)
        return self.answer()

    def close(self):
        self.lines.close()
        self.socket.close()


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: rpc.py SOCKET METHOD [PARAMS [MEMBER...]]")
    text = sys.argv[3] if len(sys.argv) > 3 else "{}"
    params = json.loads(sys.stdin.read() if text == "-" else text)
    rpc = Rpc(sys.argv[1], told=lambda method, told: print(method, json.dumps(told), flush=True))
    try:
        rpc.send(sys.argv[2], params)
        result = rpc.answer()
        for member in sys.argv[4:]:
            result = result[member]
        print(json.dumps(result))
    except Refused as refused:
        print("\n".join(refused.lines()))
        sys.exit(1)
    except OSError as fault:
        sys.exit(f"rpc.py: {fault}")


if __name__ == "__main__":
    main()
