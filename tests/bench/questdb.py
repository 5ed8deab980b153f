# SPDX-License-Identifier: Apache-2.0
"""Rows for QuestDB: how fast they are written down, and taken by a server on this host."""

import os
import subprocess
import sys

from report import Row

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from questdb_parts import QuestDB

ROWS_PER_S = 3e6  # of a core

# The server as it comes, not as tests want it.
JAVA = ["-Xmx1g"]
SETTINGS = {
    "cairo.writer.data.append.page.size": "16m",
    "cairo.o3.column.memory.size": "8m",
    "cairo.wal.writer.data.append.page.size": "1m",
}


def encoding(bench):
    """Row of version 2, which has the limit, and of version 1."""
    program = os.path.join(bench.build, "bench", "ilp-rows")
    answer = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
    if answer.returncode:
        return Row("ILP encoding, rows/s of one core", limit=ROWS_PER_S / 1e6, unit="M"), []
    figures = {}
    for line in answer.stdout.splitlines():
        version, rate, row_bytes = line.split()
        figures[version] = float(rate) / 1e6, f"a row of {float(row_bytes):.0f} bytes"
    return (Row("ILP encoding, rows/s of one core", figures["2"][0], ROWS_PER_S / 1e6, "M", figures["2"][1],
                is_floor=True),
            [Row("ILP encoding in version 1, rows/s of one core", figures["1"][0], unit="M", note=figures["1"][1])])


def sending(bench):
    """Into a real server, until it has acknowledged all; it has each."""
    what, note = "rows/s into QuestDB on this host", "one connection, 1 MiB a request"
    try:
        with QuestDB(settings=SETTINGS, java=JAVA) as db:
            done = subprocess.run([os.path.join(bench.build, "bench", "ilp-rows"), db.url], capture_output=True, text=True,
                                  timeout=120, check=True)
            cnt, rate = done.stdout.split()
            db.wait_sql("select count() from bench_latency_row", lambda rows: rows[0][0] == int(cnt), 60)
            return Row(what, float(rate) / 1e6, unit="M", note=note)
    except (OSError, AssertionError, subprocess.SubprocessError) as failure:
        return Row(what, unit="M", note=f"{failure}")


def measure(bench):
    """(rows with a limit, rows without)"""
    row, info = encoding(bench)
    return [row], [*info, sending(bench)]
