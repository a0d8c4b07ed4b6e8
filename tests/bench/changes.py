# changes - scopes of a table that change all the time, beside what is measured.
# SPDX-License-Identifier: BSD-3-Clause
import itertools
import threading

from common import Failure
from daemon import put_line

CDNS = 8


def host_scope(host, cdn, second=3):
    """That of make_requests when cdn is host."""
    return put_line("scope", f"host-{host}",
                    f'"hosts":["h{host}.cdn.example"],"policy":"hash","candidates":[{{"cdn":"cdn-{cdn % CDNS}"}},'
                    f'{{"cdn":"cdn-{(cdn + second) % CDNS}"}}]')  # fmt: skip


def endless_changes(hosts, turn):
    """Each makes another scope of one; those of another turn too."""
    second = (1, 2, 4, 5, 6, 7)[turn % 6]
    for more in itertools.count():
        for i in range(hosts):
            host = i * 7919 % hosts
            yield host_scope(host, host + more, second)


class Background(threading.Thread):
    """A stream of changes beside what the main thread measures."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.failure = stream, None

    def run(self):
        try:
            self.stream.run()
        except (Failure, OSError) as failure:
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stream.over = True
        self.join()
        if self.failure:
            raise self.failure
