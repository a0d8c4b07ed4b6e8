# apart - a part of scripts/bench that is a program of its own: run with the same options, its figures kept with the others.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import subprocess

from common import TOP, Failure, say


class Apart:
    def __init__(self, name):
        self.name, self.text = name, ""

    def is_there(self):
        """The program; and root, who alone can make its network or share its memory."""
        there = (TOP / "tests/bench" / f"{self.name}.py").exists()
        if there and os.geteuid():
            say(f"bench: without --{self.name}, which is for root")
        return there and not os.geteuid()

    def measure(self, bench):
        file = bench.folder / f"{self.name}.json"
        command = [TOP / "scripts/bench", f"--{self.name}", "--rounds", str(bench.rounds), "--json", file]
        child = subprocess.Popen(command + ["--quick"] * bench.quick, stdout=subprocess.PIPE, text=True)
        try:
            self.text = child.communicate()[0]
        finally:
            if child.poll() is None:  # it ends its own programs and networks
                child.terminate()
                child.wait()
        if child.returncode:
            raise Failure(f"scripts/bench --{self.name} ended with code {child.returncode}; it says above why")
        return json.loads(file.read_text())[self.name]

    def show(self, _):
        print(f"\n## {self.name.capitalize()}\n\n{self.text}", end="")
