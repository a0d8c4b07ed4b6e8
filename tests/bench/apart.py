# apart - a part of scripts/bench that is a program of its own: run with the same options, its figures kept with the others.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import subprocess

from common import TOP, Failure, say


class Apart:
    def __init__(self, name):
        self.name, self.text = name, ""

    def is_due(self, quick):
        """There is time for it, and root, who alone can make its network."""
        if os.geteuid():
            say(f"bench: without {self.name}, which is for root")
        elif quick:
            say(f"bench: without {self.name}, which takes more than a minute: --only {self.name} measures it")
        return not os.geteuid() and not quick

    def measure(self, bench):
        file = bench.folder / f"{self.name}.json"
        command = [TOP / "scripts/bench", f"--{self.name}", *["--quick"] * bench.quick, f"--rounds={bench.rounds}", "--json", file]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
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
