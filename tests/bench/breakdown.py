# SPDX-License-Identifier: Apache-2.0
"""
What a breakdown costs: a context switch of a program that is not traced while another one's calls are broken down, and
one inside of a call that is. What a call pays for it is a case of calls.py.
"""

import statistics

from report import Row
from rpc import Turns, untraced

TRIPS = 20_000
BATCHES = 5
SWITCHES_OF_TRIP = 2


def elsewhere(*options):
    """Traces another process than the one that is measured."""
    def start(bench, _pid):
        tool = bench.trace(bench.target(), "-f", "work_cet", *options)
        tool.wait_attached()
        return tool
    return start


def here(*options):
    def start(bench, pid):
        tool = bench.tool(bench.tickscope, "trace", "-p", str(pid), "--json", "-f", "trip", *options)
        tool.wait_attached()
        return tool
    return start


def measure(bench, round_cnt):
    """Rows without a limit."""
    pair = bench.program("switch-pair")

    def one():
        return (min(pair.ask(str(TRIPS))[0] for _ in range(BATCHES)) / TRIPS / SWITCHES_OF_TRIP,)

    turns = Turns(bench, pair.pid, {
        "untraced": untraced,
        "elsewhere": elsewhere("--breakdown"),
        "traced": here(),
        "broken down": here("--breakdown"),
    }, one)
    turns.run(round_cnt)
    bench.stop(pair)
    rows = [turns.row("a context switch, ns: a breakdown of another process / none", "elsewhere", "untraced"),
            turns.row("a context switch inside of a call, ns: broken down / traced", "broken down", "traced")]
    if not turns.failures:
        base, ours = (statistics.median(r[0] for r in turns.results[name]) for name in ("untraced", "elsewhere"))
        rows.append(Row("a context switch: what a breakdown of another process adds", ours - base, unit="ns"))
    return rows
