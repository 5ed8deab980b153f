# SPDX-License-Identifier: Apache-2.0
"""How long it takes, and how much memory, to find functions in a very large executable."""

import os
import statistics
import subprocess
import time

import big_rust
from children import Failed, die_with_parent
from report import Row

LIMIT_S = 2
LIMIT_MB = 200
MB = 1_000_000
FUNCTION = "desk007::venue_1234::execute"
GLOB = "desk007::*"
GLOB_CNT = big_rust.VENUE_CNT * big_rust.FUNCTION_CNT


def list_once(bench, program, pattern, expected_cnt):
    """(seconds, bytes) of `tickscope functions`, which has to list as many functions, and where they are written."""
    started = time.monotonic()
    with open(os.path.join(bench.directory, "functions.out"), "w+", encoding="utf-8") as out:
        child = subprocess.Popen([bench.tickscope, "functions", "-p", str(program.pid), pattern], stdout=out,
                                 stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took_s = time.monotonic() - started
        out.seek(0)
        lines = [line for line in out if "desk007::" in line]
    if child.returncode or len(lines) != expected_cnt or "crate.rs:" not in lines[0]:
        raise Failed(f"`functions {pattern}` lists {len(lines)} functions: {''.join(lines[:1]).strip()}")
    return took_s, usage.ru_maxrss * 1024


def trace_once(bench, program):
    """(seconds, bytes) until `tickscope trace` has attached."""
    tool = bench.trace(program, "-f", FUNCTION)
    took_s = tool.wait_attached()
    with open(f"/proc/{tool.pid}/status", encoding="utf-8") as file:
        peak_kb = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    bench.stop(tool)
    return took_s, peak_kb * 1024


def rows_of(what, results, note):
    times_s, peaks = zip(*results)
    spread = f"[{min(times_s):.2f} .. {max(times_s):.2f}]"
    return [Row(f"{what}: time", statistics.median(times_s), LIMIT_S, "s", f"{spread} {note}".rstrip()),
            Row(f"{what}: memory", max(peaks) / MB, LIMIT_MB, "MB")]


def measure(bench, repeat_cnt):
    whats = "`functions` of one name", "`functions` of a glob", "`trace` of one name, to `attached`"
    try:
        path, made_s = big_rust.make(os.path.dirname(bench.target_file))
        program = bench.tool(path)
        note = (f"{os.path.getsize(path) / MB:.0f} MB of Rust with DWARF, {GLOB_CNT * big_rust.CRATE_CNT / 1e6:.2f} million "
                f"functions, {'made before' if made_s is None else f'made in {made_s:.0f} s'}")
        calls = (lambda: list_once(bench, program, FUNCTION, 1), lambda: list_once(bench, program, GLOB, GLOB_CNT),
                 lambda: trace_once(bench, program))
        notes = note, f"{GLOB_CNT} functions", ""
        rows = [rows_of(what, [call() for _ in range(repeat_cnt)], text)
                for what, call, text in zip(whats, calls, notes)]
        bench.stop(program)
    except (Failed, OSError) as failure:
        return [Row(what, limit=LIMIT_S, unit="s", note=str(failure)) for what in whats]
    return [row for pair in rows for row in pair]
