# timeline - which versions of a host could be seen while a question was in flight.
# SPDX-License-Identifier: BSD-3-Clause
#
# A version may be seen from the moment in which it is asked for, and no more once a later one is acknowledged. What was asked for
# and never acknowledged (a killed turnoutd) may be seen or not until a later one is.
import collections
import math

ABSENT, STATES = "absent", 64


def state_of(version):
    """Every eighth version is that there is no such host; the others are told apart by one of 64 targets."""
    return ABSENT if version % 8 == 7 else version % STATES


class Timeline:
    def __init__(self):
        self.hosts = collections.defaultdict(lambda: collections.deque([[-1, 0, math.inf]]))

    def asked_for(self, host, version, at):
        self.hosts[host].append([version, at, math.inf])

    def acknowledged(self, host, version, at):
        for entry in self.hosts[host]:
            if entry[0] < version and entry[2] == math.inf:
                entry[2] = at

    def states(self, host, begin, end):
        """Of the versions that could be seen at some time from begin to end."""
        return {state_of(v) for v, since, until in self.hosts[host] if since <= end and until >= begin}

    def forget(self, before):
        for entries in self.hosts.values():
            while len(entries) > 1 and entries[0][2] < before:
                entries.popleft()
