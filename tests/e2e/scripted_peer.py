#!/usr/bin/env python3
# scripted_peer - a downstream CDN over mutual TLS that does what a file says: an honest ALTO server without streams, or one that is not.
# SPDX-License-Identifier: BSD-3-Clause
#
#   scripted_peer.py ADDRESS PORT CERTIFICATE KEY AUTHORITIES MODE-FILE
#
# The mode is read anew for each connection. One word of:
#   poll      directory, network map and advertisement, with ETags and Cache-Control: max-age=5
#   moved     the same with another advertisement
#   stream    an update stream: control event, then the advertisement, then silence
#   half      a directory that ends before its Content-Length
#   huge      an update stream with one event of 100 MB
#   slow      a directory, one octet a second
#   type      a directory of another media type
#   vtag      a network map that is not the one that the advertisement depends on
#   noise     octets that are no HTTP
#   deep      a directory of 100000 nested arrays
#   double    an advertisement with a name twice in an object
#   unfit     an advertisement with more entries than the limit
#   away      a redirect to another host
#
# Below /metadata/ it is an upstream CDN with one host and two documents, and of the words above half, type, noise, deep, double and away are told
# of the first one. More of them:
#   bulky     a document with more octets than the limit
#   loop      a third document that links to itself
#   wide      a HostIndex with more links than documents are allowed
#   gone      status 404 for the second document
#   closed    a host that is served to nobody
#   faulty    two hosts, one with a fault
import http.server
import json
import ssl
import sys
import time

address, port, certificate, key, authorities, mode_file = sys.argv[1:]


def advertisement(host, entries=1):
    base = [
        {
            "capability-type": "FCI.RedirectTarget",
            "capability-value": {"redirecting-hosts": [f"{i}.poll.cdn.example" if i else "poll.cdn.example"], "dns-target": {"host": host}},
            "footprints": [{"footprint-type": "altopid", "footprint-value": ["near"]}],
        }
        for i in range(entries)
    ]
    return {
        "meta": {
            "vtag": {"resource-id": "adv", "tag": host},
            "dependent-vtags": [{"resource-id": "map", "tag": "m1"}],
        },
        "cdni-advertisement": {"capabilities-with-footprints": base},
    }


def network_map(tag):
    return {
        "meta": {"vtag": {"resource-id": "map", "tag": tag}},
        "network-map": {"near": {"ipv4": ["198.51.100.0/24"]}, "far": {"ipv4": ["0.0.0.0/0"]}},
    }


DIRECTORY = {
    "meta": {"default-alto-network-map": "map"},
    "resources": {
        "map": {"uri": "map", "media-type": "application/alto-networkmap+json"},
        "adv": {"uri": "adv", "media-type": "application/alto-cdni+json", "uses": ["map"]},
    },
}
STREAM = {
    "uri": "upd",
    "media-type": "text/event-stream",
    "accepts": "application/alto-updatestreamparams+json",
    "uses": ["map", "adv"],
}


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def mode(self):
        with open(mode_file) as file:
            return file.read().strip()

    def log_message(self, *args):
        print(self.mode(), self.requestline, *args[1:], flush=True)

    def body(self, status, media_type, octets, length=None, fields=()):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length or len(octets)))
        for field in fields:
            self.send_header(*field)
        self.end_headers()
        self.wfile.write(octets)

    def json(self, media_type, value, tag=None):
        fields = [("Cache-Control", "max-age=5")]
        if tag:
            fields.append(("ETag", f'"{tag}"'))
        if tag and self.headers.get("If-None-Match") == f'"{tag}"':
            self.body(304, media_type, b"", fields=fields)
        else:
            self.body(200, media_type, json.dumps(value).encode(), fields=fields)

    def directory(self, mode):
        octets = json.dumps(DIRECTORY).encode()
        media_type = "application/alto-directory+json"
        if mode == "half":
            self.body(200, media_type, octets, len(octets) + 100)
            self.close_connection = True
        elif mode == "slow":
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            for octet in octets:
                self.wfile.write(bytes([octet]))
                time.sleep(1)
        elif mode == "type":
            self.body(200, "text/html", octets)
        elif mode == "noise":
            self.wfile.write(b"\x00\xff" * 4096)
            self.close_connection = True
        elif mode == "deep":
            self.body(200, media_type, b"[" * 100000)
        elif mode == "away":
            self.body(307, "text/plain", b"", fields=[("Location", "https://192.0.2.99:1/alto")])
        else:
            value = json.loads(octets)
            if mode in ("stream", "huge"):
                value["resources"]["upd"] = STREAM
            self.json(media_type, value)

    def metadata(self, mode):
        here = f"https://{address}:{port}/metadata/"
        link = {"type": "MI.HostMetadata", "href": here + "host"}
        host = {"metadata": []}
        index = {"hosts": [{"host": "e.cdn.example", "host-metadata": link}]}
        if mode == "closed":
            host = {"metadata": [{"generic-metadata-type": "MI.LocationACL", "generic-metadata-value": {"locations": []}}]}
        elif mode == "faulty":
            wrong = {"generic-metadata-type": "MI.LocationACL", "generic-metadata-value": {"locations": 5}}
            index["hosts"].append({"host": "f.cdn.example", "host-metadata": {"metadata": [wrong]}})
        elif mode == "loop":
            host["paths"] = [{"path-pattern": {"pattern": "/a"}, "path-metadata": {"type": "MI.PathMetadata", "href": here + "path"}}]
        elif mode == "wide":
            index["hosts"] = [{"host": f"{i}.cdn.example", "host-metadata": {"href": f"{here}{i}"}} for i in range(200)]
        first = self.path == "/metadata/"
        ptype = "MI.HostIndex" if first else "MI.PathMetadata" if self.path.endswith("/path") else "MI.HostMetadata"
        media_type = "application/cdni; ptype=" + ptype
        octets = json.dumps(index if first else host).encode()
        if mode == "half":
            self.body(200, media_type, octets, len(octets) + 100)
            self.close_connection = True
        elif mode == "type":
            self.body(200, "text/html", octets)
        elif mode == "noise":
            self.wfile.write(b"\x00\xff" * 4096)
            self.close_connection = True
        elif mode == "deep":
            self.body(200, media_type, b"[" * 100000)
        elif mode == "double":
            self.body(200, media_type, b'{"hosts": [], "hosts": []}')
        elif mode == "bulky":
            self.body(200, media_type, b" " * 2000000 + octets)
        elif mode == "away":
            self.body(307, "text/plain", b"", fields=[("Location", "https://192.0.2.99:1/metadata/")])
        elif mode == "gone" and not first:
            self.body(404, "text/plain", b"")
        else:
            self.json(media_type, index if first else host, f"{mode}-{first}")

    def do_GET(self):
        mode = self.mode()
        if self.path.startswith("/metadata/"):
            self.metadata(mode)
        elif self.path.endswith("/alto"):
            self.directory(mode)
        elif self.path.endswith("/map"):
            tag = "m2" if mode == "vtag" else "m1"
            self.json("application/alto-networkmap+json", network_map(tag), tag)
        elif mode == "double":
            self.body(200, "application/alto-cdni+json", b'{"meta": {}, "meta": {}}')
        else:
            host = "moved.scripted.example" if mode == "moved" else "poll.scripted.example"
            self.json("application/alto-cdni+json", advertisement(host, 200 if mode == "unfit" else 1), host)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b'event: application/alto-updatestreamcontrol+json\ndata: {"control-uri": null}\n\n')
        if self.mode() == "huge":
            self.wfile.write(b"event: application/alto-cdni+json,advertisement\ndata: {")
            for _ in range(100):
                self.wfile.write(b" " * (1 << 20))
            return
        for media, name, value in (
            ("application/alto-networkmap+json", "map", network_map("m1")),
            ("application/alto-cdni+json", "advertisement", advertisement("stream.scripted.example")),
        ):
            self.wfile.write(f"event: {media},{name}\ndata: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()
        time.sleep(3600)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        sock, peer = super().get_request()
        sock.settimeout(60)
        return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, request, client_address):
        print("ended:", sys.exc_info()[1], flush=True)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.load_verify_locations(authorities)
context.verify_mode = ssl.CERT_REQUIRED
Server((address, int(port)), Peer).serve_forever()
