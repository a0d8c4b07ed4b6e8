#!/usr/bin/env python3
# check - each row of the tables of requirements names a test that is there.
# SPDX-License-Identifier: BSD-3-Clause
#
# A row: requirement, RFC and section, test; with tabs between. A test: Suite.Name, or e2e/FILE: words of the check's name.
import pathlib
import re
import sys

tests = pathlib.Path(__file__).resolve().parent.parent
text = "".join(p.read_text() for p in (*tests.glob("unit/*.cc"), *tests.glob("packet/*.cc")))
known = {f"{a}.{b}" for a, b in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", text, re.M)}
bad = rows = 0
for table in sorted(tests.glob("requirements/*.tsv")):
    for number, line in enumerate(table.read_text().splitlines()[1:], 2):
        cells = line.split("\t")
        rows += 1
        if len(cells) != 3 or not all(cells):
            fault = "expected three cells"
        elif cells[2].startswith("e2e/"):
            file, _, words = cells[2][4:].partition(": ")
            path = tests / "e2e" / file
            fault = "" if path.exists() and words in path.read_text() else "there is no such check"
        else:
            fault = "" if cells[2] in known else "there is no such test"
        if fault:
            bad += 1
            print(f"{table.relative_to(tests.parent)}:{number}: {cells[-1]}: {fault}")
sys.exit(bad > 0 or rows == 0)
