# soak_clients - the processes of a soak that change what turnoutd says, and those that ask it. Each tells the judge.
# SPDX-License-Identifier: BSD-3-Clause
import collections
import random
import re
import select
import socket
import time

from common import Failure, Refused
from daemon import Control, put_line, request_line
from question import ADDRESS, dns_answer, dns_query, enter
from timeline import ABSENT, state_of

STOPPING = "is stopping"


class Teller:
    """Events in batches. The time beside them says that nothing of an earlier time will follow."""

    def __init__(self, pipe):
        self.pipe, self.events, self.told = pipe, [], 0

    def tell(self, *event):
        self.events.append(event)

    def flush(self):
        now = time.monotonic()
        if now - self.told > 0.05:
            self.pipe.send((now, self.events))
            self.events, self.told = [], now


# --- those that change -------------------------------------------------------------------------------------------------


def status_of(state):
    return 307 if state % 2 else 302


def scope_members(host, cdn, state):
    return f'"hosts":["{host}.cdn.example"],"http-status":{status_of(state)},"candidates":[{{"cdn":"{cdn}"}}]'


def change_line(host, version):
    state = state_of(version)
    if state == ABSENT:
        return request_line("remove", {"kind": "scope", "name": host})
    return put_line("scope", host, scope_members(host, f"cdn-{state}", state))


class Changes:
    """A commit for each change, at a rate, over one connection; half of them on a few hosts."""

    HOT, WINDOW = 20, 64

    def __init__(self, pipe, path, rate, hosts, spoil):
        self.teller, self.path, self.rate, self.hosts, self.spoil = Teller(pipe), path, rate, hosts, spoil
        self.version = dict.fromkeys(hosts, -1)
        self.first = collections.deque(hosts)
        self.unsure = set()  # a change of these was not answered
        self.chance = random.Random(1)

    def next_change(self):
        if self.first:
            host = self.first.popleft()
        else:
            host = self.chance.choice(self.hosts[: self.HOT] if self.chance.random() < 0.5 else self.hosts)
        version = self.version[host] + 1
        if state_of(version) == ABSENT and host in self.unsure:
            version += 1
        self.version[host] = version
        return host, version

    def send(self, n):
        lines = []
        for _ in range(n):
            host, version = self.next_change()
            now = time.monotonic()
            self.teller.tell("asked for", host, version, now)
            self.waiting.append((host, version, now))
            lines.append(change_line(host, version))
        if lines:
            self.socket.sendall(b"".join(lines))

    def take(self, answer):
        host, version, since = self.waiting.popleft()
        now = time.monotonic()
        if b'"result"' in answer:
            self.unsure.discard(host)
            self.teller.tell("acknowledged", host, version, since - 0.02 if self.spoil else now, now - since)
        else:
            self.unsure.add(host)
            if STOPPING.encode() not in answer:
                self.teller.tell("refused", answer.decode(errors="replace"))

    def session(self):
        began, sent, rest = time.monotonic(), 0, b""
        while True:
            due = min(int((time.monotonic() - began) * self.rate) - sent, self.WINDOW - len(self.waiting))
            self.send(due)
            sent += max(due, 0)
            if select.select([self.socket], [], [], 0.002)[0]:
                got = self.socket.recv(1 << 16)
                if not got:
                    return
                *answers, rest = (rest + got).split(b"\n")
                for answer in answers:
                    if b'"id":' in answer:  # else it tells the progress of one that takes long
                        self.take(answer)
            self.teller.flush()

    def run(self):
        while True:
            self.waiting = collections.deque()
            with socket.socket(socket.AF_UNIX) as self.socket:
                try:
                    self.socket.connect(self.path)
                    self.session()
                except OSError:
                    pass
            self.unsure.update(host for host, _, _ in self.waiting)
            self.teller.flush()
            time.sleep(0.05)


class Pairs:
    """Transactions that change a scope and the DRI of its CDN together: status and target of an answer come from both."""

    def __init__(self, pipe, path, rate, hosts):
        self.teller, self.path, self.rate, self.hosts = Teller(pipe), path, rate, hosts
        self.version = dict.fromkeys(hosts, -1)

    def transaction(self, control, host):
        first = self.version[host] < 0
        self.version[host] += 2 if state_of(self.version[host] + 1) == ABSENT else 1
        version, began = self.version[host], time.monotonic()
        state = state_of(version)
        self.teller.tell("asked for", host, version, began)
        number = control.call("begin")["transaction"]
        if first:
            control.call("put", {"transaction": number, "kind": "cdn", "object": {"name": host}})
        control.call("put", {"transaction": number, "kind": "dri", "object": {
            "cdn": host, "dns-target": {"host": f"vod.cdn-{state}.example", "ttl": 30 + state},
            "http-target": {"host": f"edge.cdn-{state}.example", "scheme": "http", "path-prefix": f"/oc/{state}/"}}})  # fmt: skip
        control.call("put", {"transaction": number, "kind": "scope", "object": {
            "name": host, "hosts": [f"{host}.cdn.example"], "http-status": status_of(state),
            "candidates": [{"cdn": host}]}})  # fmt: skip
        control.call("commit", {"transaction": number})
        now = time.monotonic()
        self.teller.tell("acknowledged", host, version, now, now - began)

    def session(self, control):
        i = 0
        while True:
            self.transaction(control, self.hosts[i % len(self.hosts)])
            self.teller.flush()
            time.sleep(1 / self.rate)
            i += 1

    def run(self):
        while True:
            try:
                control = Control(self.path)
                control.socket.settimeout(30)
                self.session(control)
            except Refused as refused:
                if STOPPING not in str(refused):
                    self.teller.tell("refused", str(refused))
            except (OSError, Failure):
                pass
            self.teller.flush()
            time.sleep(0.05)


# --- those that ask ----------------------------------------------------------------------------------------------------


def pick(chance, hosts, hot):
    return chance.choice(hot if chance.random() < 0.5 else hosts)


def dns_state(code, target, ttl):
    if code == 3 and target is None:
        return ABSENT
    match = re.fullmatch(r"vod\.cdn-(\d+)", target or "")
    if code == 0 and match and ttl == 30 + int(match[1]):
        return int(match[1])
    return f"code {code}, target {target}, TTL {ttl}"


def ask_dns(pipe, namespace, rate, hosts, hot):
    """Up to 32 queries in flight; one that is not answered within a second is missing."""
    enter(namespace)
    teller, chance, waiting, number = Teller(pipe), random.Random(2), {}, 0
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.connect((ADDRESS, 53))
    asking.setblocking(False)
    began, sent = time.monotonic(), 0
    while True:
        now = time.monotonic()
        for _ in range(min(int((now - began) * rate) - sent, 32 - len(waiting))):
            host, number = pick(chance, hosts, hot), number % 65535 + 1
            waiting[number] = host, time.monotonic()
            try:
                asking.send(dns_query(f"{host}.cdn.example", number))
            except OSError:
                pass
            sent += 1
        select.select([asking], [], [], 0.001)
        for _ in range(32):
            try:
                got, *answer = dns_answer(asking.recv(2048))
            except OSError:
                break
            now = time.monotonic()
            if got in waiting:
                host, since = waiting.pop(got)
                teller.tell("seen", "DNS", host, since, now, dns_state(*answer))
        now = time.monotonic()
        for old in [n for n, (_, since) in waiting.items() if since < now - 1]:
            host, since = waiting.pop(old)
            teller.tell("missing", "DNS", host, since, now)
            began, sent = now, 0  # what could not be asked meanwhile is not made up for
        teller.flush()


def http_state(answer, host):
    status = re.match(r"HTTP/1\.1 (\d+) ", answer)
    location = re.search(r"\r\nLocation: (\S+)\r\n", answer, re.I)
    if status and status[1] == "404":
        return ABSENT
    wanted = rf"http://edge\.cdn-(\d+)\.example/oc/(\d+)/(?:{host}\.cdn\.example/)?x"
    target = re.fullmatch(wanted, location[1] if location else "")
    if status and target and target[1] == target[2] and int(status[1]) == status_of(int(target[1])):
        return int(target[1])
    return f"{answer.splitlines()[0]}, {location[0].strip() if location else 'no Location'}"


def ask_http_once(host):
    """The time of sending, and the answer."""
    with socket.socket() as asking:
        asking.settimeout(2)
        asking.connect((ADDRESS, 80))
        since = time.monotonic()
        asking.sendall(f"GET /x HTTP/1.1\r\nHost: {host}.cdn.example\r\n\r\n".encode())
        answer = b""
        while got := asking.recv(4096):
            answer += got
        return since, answer.decode("latin-1")


def ask_http(pipe, namespace, rate, hosts, hot):
    """One after the other."""
    enter(namespace)
    teller, chance = Teller(pipe), random.Random(3)
    while True:
        host, began = pick(chance, hosts, hot), time.monotonic()
        try:
            since, answer = ask_http_once(host)
        except OSError:
            since, answer = began, ""
        now = time.monotonic()
        if "\r\n\r\n" in answer:
            teller.tell("seen", "HTTP", host, since, now, http_state(answer, host))
        else:
            teller.tell("missing", "HTTP", host, began, now)
        teller.flush()
        time.sleep(max(0, began + 1 / rate - now))
