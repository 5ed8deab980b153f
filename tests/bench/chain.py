# SPDX-License-Identifier: Apache-2.0
"""
What following a chain costs: from a receive through two functions to the next send, on one thread, next to the same
places counted one by one.
"""

import statistics

from children import Failed
from report import Row
from rpc import HOOKS, PAIR_BATCHES, PAIR_REQUESTS, Turns, untraced

STAGES = "recv 127.0.0.1, enter decide, enter submit, send 127.0.0.1"


def tickscope(*options):
    def start(bench, pid):
        tool = bench.tool(bench.tickscope, "trace", "-p", str(pid), "--json", *HOOKS, *options)
        tool.wait_attached()
        return tool
    return start


def incomplete(turns):
    """Chains that did not complete, and were not the last of a trace."""
    cnt = 0
    for summary, _ in turns.summaries["chain"]:
        quality = next(o for o in summary["operations"] if o["kind"] == "chain")["quality"]
        cnt += quality["begun"] - quality["completed"] - quality["in_flight"]
    return cnt


def measure(bench, round_cnt):
    """(rows with a limit, rows without)"""
    pair = bench.program("rpc-pair")

    def one():
        return (min(pair.ask(str(PAIR_REQUESTS))[0] for _ in range(PAIR_BATCHES)) / PAIR_REQUESTS,)

    try:
        turns = Turns(bench, pair.pid, {
            "untraced": untraced,
            "chain": tickscope("--chain", STAGES),
            "counted": tickscope("--rpc", "127.0.0.1", "-f", "decide", "-f", "submit"),
        }, one)
        turns.run(round_cnt)
    except (Failed, OSError) as failure:
        return [Row("one tick", limit=0, note=str(failure))], []
    bench.stop(pair)
    info = [turns.row("one tick, ns: a chain of four stages / untraced", "chain", "untraced"),
            turns.row("one tick, ns: a chain of four stages / functions and connection counted one by one", "chain",
                      "counted")]
    rows = []
    if not turns.failures:
        base, ours, counted = (statistics.median(r[0] for r in turns.results[name])
                               for name in ("untraced", "chain", "counted"))
        info.append(Row("one tick: what a chain of four stages adds", ours - base, unit="ns",
                        note=f"counted one by one: {counted - base:.0f} ns"))
        rows.append(Row("chains that did not complete", incomplete(turns), 0, "chains"))
    return rows, info
