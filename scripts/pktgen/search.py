#!/usr/bin/env python3
# search - finds the highest rate at which every request of a stream is answered (RFC 2544 section 26.1), for each frame size.
# SPDX-License-Identifier: BSD-3-Clause
#
#   search.py --pktgen HOST:PORT [OPTION...] STREAM        Pktgen, started with -G, sends what it was started with
#   search.py --replay COMMAND [OPTION...] STREAM...       tests/bench/replay.c sends captures: files, or commands that write them (--make)
#
# README.md beside this file tells how to set up both.
import argparse
import dataclasses
import json
import pathlib
import shlex
import socket
import subprocess
import sys
import tempfile
import time

ANSWERS = ("dns", "syn-ack", "redirect")
SLOW = 0.98  # a generator that sends less of what it was asked for is the limit itself


@dataclasses.dataclass
class Trial:
    """rate: as asked for, frames/s or percent; the rest in frames and seconds."""

    rate: float
    seconds: float
    sent: int
    answered: int
    other: int = 0
    octets: int = 0
    slow: bool = False

    @property
    def loss(self):
        return 1 - min(1, self.answered / self.sent) if self.sent else 1.0


class Pktgen:
    """Pktgen's Lua over TCP; the rate is in percent of the link. What comes back is counted, not read."""

    unit, highest = "%", 100.0

    def __init__(self, address, port, timeout):
        host, _, number = address.rpartition(":")
        self.port, self.timeout = port, timeout
        try:
            self.socket = socket.create_connection((host or "localhost", int(number)), timeout=timeout)
        except OSError as error:
            raise SystemExit(f"search: no Pktgen at {address}: {error.strerror}; it has to be started with -G") from None
        self.file = self.socket.makefile("rb")
        self.socket.sendall(pathlib.Path(__file__).with_name("turnout.lua").read_bytes())

    def trial(self, _, rate, seconds):
        """Now and then Pktgen does not begin to send when it is told to."""
        for _ in range(3):
            trial = self.once(rate, seconds)
            if trial.sent:
                break
        return trial

    def once(self, rate, seconds):
        self.socket.settimeout(self.timeout + 2 * seconds)
        self.socket.sendall(f"turnout_trial({self.port}, {rate:.4f}, {seconds})\n".encode())
        try:
            got = json.loads(self.file.readline())
        except (OSError, ValueError):
            raise SystemExit("search: Pktgen does not tell what a trial gave; its screen says why") from None
        # On the wire each frame has a preamble, its FCS and a gap, 24 octets in all.
        wire = 8 * (got["octets"] + 24 * got["sent"])
        slow = wire < SLOW * rate / 100 * got["link-mbits"] * 1e6 * seconds
        return Trial(rate, seconds, got["sent"], got["received"], octets=got["octets"], slow=slow)

    def close(self):
        self.socket.close()


class Replay:
    """The stand-in; the rate is in frames/s. It reads what comes back."""

    unit, highest = "/s", 20e6

    def __init__(self, command):
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.line() != "ready\n":
            raise SystemExit("search: the sender does not start; what it says is above")

    def line(self):
        for line in self.process.stdout:
            if line == "ready\n" or line.startswith("{"):
                return line
        raise SystemExit(f"search: the sender ended with exit code {self.process.wait()}")

    def trial(self, path, rate, seconds):
        self.process.stdin.write(f"trial {path} {rate:.3f} {seconds}\n")
        self.process.stdin.flush()
        got = json.loads(self.line())
        return Trial(rate, seconds, got["sent"], sum(got[kind] for kind in ANSWERS), got["other"], got["octets"],
                     got["sent"] < SLOW * rate * seconds)  # fmt: skip

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def say(text):
    print(text, file=sys.stderr, flush=True)


class Search:
    def __init__(self, generator, asked):
        self.generator, self.asked, self.trials = generator, asked, []

    def trial(self, stream, rate, seconds):
        """SYN cookies in GETs grow old: those streams are made anew for each trial."""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as made:
            if self.asked.make:
                subprocess.run(stream, shell=True, check=True, stdout=made)
            trial = self.generator.trial(made.name if self.asked.make else stream, rate, seconds)
        self.trials.append(trial)
        say(f"  {trial.rate:14,.2f} {self.generator.unit}: sent {trial.sent:,} ({trial.sent / seconds:,.0f}/s), answered "
            f"{trial.answered:,}, other {trial.other:,}, loss {100 * trial.loss:.4f} %"
            f"{', the generator is too slow for more' if trial.slow else ''}")  # fmt: skip
        if not trial.sent:
            raise SystemExit("search: nothing was sent; is the link up?")
        time.sleep(self.asked.pause)
        return trial

    def good(self, trial):
        return 100 * trial.loss <= self.asked.loss

    def bisect(self, stream):
        """The trial with the highest rate that was good, or None."""
        best, low, high = None, 0.0, self.asked.highest or self.generator.highest
        rate = high
        while rate > 0 and high - low > high * self.asked.precision / 100:
            trial = self.trial(stream, rate, self.asked.seconds)
            if self.good(trial):
                best, low = trial, rate
                if trial.slow:
                    break
            else:
                # A generator that did not reach the rate has shown loss at the one it reached.
                high = min(rate, trial.sent / trial.seconds) if trial.slow else rate
            if low == high:
                break
            rate = (low + high) / 2
            if high < self.asked.lowest:
                break
        return best

    def run(self, stream):
        """Ends with a longer trial at the rate that was found, and goes down from there while that one shows loss."""
        self.trials = []
        say(stream)
        best = self.bisect(stream)
        confirmed, tries = None, 0
        while best and not confirmed and tries < 5:
            last = self.trial(stream, best.rate * (1 - 0.05 * tries), self.asked.last or self.asked.seconds)
            confirmed, tries = (last if self.good(last) else None), tries + 1
        return self.result(stream, confirmed)

    def result(self, stream, trial):
        sized = next((t for t in self.trials if t.sent), None)
        return {
            "stream": stream,
            "octets-per-frame": round(sized.octets / sized.sent) if sized else 0,
            "requests-per-second": round(trial.answered / trial.seconds) if trial else 0,
            "loss-percent": round(100 * trial.loss, 6) if trial else 100 * min(t.loss for t in self.trials),
            "limit": "router" if not trial or not (trial.slow or self.at_highest(trial)) else "generator",
            "trials": [dataclasses.asdict(t) for t in self.trials],
        }

    def at_highest(self, trial):
        return trial.rate >= (self.asked.highest or self.generator.highest)


def main():
    parser = argparse.ArgumentParser(description="The highest rate at which every request is answered (RFC 2544 section 26.1)")
    parser.add_argument("streams", nargs="+", metavar="STREAM")
    generator = parser.add_mutually_exclusive_group(required=True)
    generator.add_argument("--pktgen", metavar="HOST:PORT", help="Pktgen's Lua socket, by default localhost:22022 there")
    generator.add_argument("--replay", metavar="COMMAND", help="how tests/bench/replay.c is started")
    parser.add_argument("--port", type=int, default=0, help="Pktgen's port (0)")
    parser.add_argument("--make", action="store_true", help="each STREAM is a command that writes a capture, before each trial")
    parser.add_argument("--seconds", type=float, default=10, help="of each trial (10; RFC 2544 section 24 wants 60)")
    parser.add_argument("--last", type=float, help="seconds of the trial that confirms the rate (as --seconds)")
    parser.add_argument("--pause", type=float, default=2, help="seconds between trials (2)")
    parser.add_argument("--loss", type=float, default=0, metavar="PERCENT", help="that is taken as none (0)")
    parser.add_argument("--precision", type=float, default=1, metavar="PERCENT", help="of the rate (1)")
    parser.add_argument("--highest", type=float, metavar="RATE", help="the first rate (20,000,000/s; Pktgen: 100 %%)")
    parser.add_argument("--lowest", type=float, default=0.01, metavar="RATE", help="below it there is no rate without loss (0.01)")
    parser.add_argument("--json", metavar="FILE", help="all trials")
    asked = parser.parse_args()
    sender = Pktgen(asked.pktgen, asked.port, 30) if asked.pktgen else Replay(asked.replay)
    try:
        results = [Search(sender, asked).run(stream) for stream in asked.streams]
    finally:
        sender.close()
    print(f"{'octets':>6} {'requests/s':>14} {'loss %':>9}  limit      stream")
    for r in results:
        print(f"{r['octets-per-frame']:>6} {r['requests-per-second']:>14,} {r['loss-percent']:>9.4f}  {r['limit']:<9}  {r['stream']}")
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as out:
            json.dump({"loss-percent": asked.loss, "seconds": asked.seconds, "results": results}, out, indent=1)


main()
