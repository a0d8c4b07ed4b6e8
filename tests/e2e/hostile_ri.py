#!/usr/bin/env python3
# hostile_ri - a Redirection Interface server over mutual TLS that does what the first label of the name in the question says.
# SPDX-License-Identifier: BSD-3-Clause
#
#   hostile_ri.py ADDRESS PORT CERTIFICATE KEY AUTHORITIES
#
# The label is one of these words, and may have -ANYTHING behind it:
#   good      a good answer
#   garbage   octets that are no HTTP
#   half      an answer that ends before its Content-Length
#   slow      one octet a second
#   type      a good answer of another media type
#   huge      an answer of 100 MB
#   other     an answer of the other protocol
#   plain     a Location with http for whatever URI
#   crlf      a target with CR LF in it
#   busy      status 500 with error code 503
#   broken    status 500 with no JSON
#   range     an answer for other users only
#   silent    nothing
import json
import re
import socketserver
import ssl
import sys
import time

TYPE = "application/cdni; ptype=redirection-response"


def target(dns, location):
    if dns:
        return {"dns": {"rcode": 0, "name": dns, "a": ["203.0.113.66"], "ttl": 60}}
    return {"http": {"sc-status": 302, "sc-version": "HTTP/1.1", "sc-reason": "Found", "cs-uri": location, "sc-(location)": "http://evil.example/"}}


def crlf(dns, uri):
    answer = target(dns, uri)
    if dns:
        del answer["dns"]["a"]
        answer["dns"]["cname"] = ["evil\r\n.example"]
    else:
        answer["http"]["sc-(location)"] = "http://evil.example/\r\nSet-Cookie: a=b"
    return answer


def http(body, status="200 OK", media=TYPE, length=None):
    return f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length or len(body)}\r\nCache-Control: max-age=60\r\n\r\n{body}".encode()


class Peer(socketserver.StreamRequestHandler):
    def answer(self, body):
        asked = json.loads(body)
        dns, uri = asked.get("dns", {}).get("qname"), asked.get("http", {}).get("cs-uri")
        word = re.search(r"([a-z]+)(-[^.]*)?\.h\.csp\.example", dns or uri).group(1)
        good = json.dumps(target(dns, uri))
        print(word, flush=True)
        if word == "garbage":
            self.wfile.write(b"\x00\xff" * 4096)
        elif word == "half":
            self.wfile.write(http(good, length=len(good) + 100))
        elif word == "slow":
            for octet in http(good):
                self.wfile.write(bytes([octet]))
                time.sleep(1)
        elif word == "huge":
            self.wfile.write(http("{", length=100 << 20))
            for _ in range(100):
                self.wfile.write(b" " * (1 << 20))
        elif word == "silent":
            time.sleep(60)
        else:
            answers = {
                "good": lambda: http(good),
                "type": lambda: http(good, media="text/html"),
                "other": lambda: http(json.dumps(target(None if dns else "x.h.csp.example", "http://x.h.csp.example/x"))),
                "plain": lambda: http(good),
                "crlf": lambda: http(json.dumps(crlf(dns, uri))),
                "busy": lambda: http('{"error": {"error-code": 503, "reason": "no"}}', "500 No"),
                "broken": lambda: http("no", "500 No"),
                "range": lambda: http(json.dumps({**json.loads(good), "scope": {"iprange": ["203.0.113.0/24"]}})),
            }
            self.wfile.write(answers[word]())
            return True
        return False

    def handle(self):
        more = True
        while more:
            head = b""
            while line := self.rfile.readline():
                head += line
                if line == b"\r\n":
                    break
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            if not length:
                return
            body = self.rfile.read(int(length.group(1)))
            more = self.answer(body)
        self.request.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128

    def get_request(self):
        sock, peer = super().get_request()
        sock.settimeout(60)
        return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, request, client_address):
        print("ended:", sys.exc_info()[1], flush=True)


address, port, certificate, key, authorities = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.load_verify_locations(authorities)
context.verify_mode = ssl.CERT_REQUIRED
Server((address, int(port)), Peer).serve_forever()
