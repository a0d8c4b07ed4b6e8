#!/usr/bin/env python3
# steady - a client that asks at a steady rate, each time over a new connection, and counts how many were answered in a second.
# SPDX-License-Identifier: BSD-3-Clause
#
#   steady.py ADDRESS RATE SECONDS
import asyncio
import sys
import time

address, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
REQUEST = b"GET /live/9 HTTP/1.1\r\nHost: paths.cdn.example\r\n\r\n"
good = 0


async def ask():
    global good
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, 80), 1)
        writer.write(REQUEST)
        answer = await asyncio.wait_for(reader.read(), 1)
        good += answer.startswith(b"HTTP/1.1 302 ")
        writer.close()
    except (OSError, asyncio.TimeoutError):
        pass


async def main():
    start, asked, tasks = time.monotonic(), 0, set()
    while (passed := time.monotonic() - start) < seconds:
        while asked < passed * rate:
            asked += 1
            tasks.add(task := asyncio.ensure_future(ask()))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    print("asked", asked, "answered", good, "percent", round(100 * good / asked, 1))


asyncio.run(main())
