# SPDX-License-Identifier: Apache-2.0
"""Rows for QuestDB: how fast they are written down."""

import os
import subprocess

from report import Row

ROWS_PER_S = 3e6  # of a core


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


def measure(bench):
    """(rows with a limit, rows without)"""
    row, info = encoding(bench)
    return [row], info
