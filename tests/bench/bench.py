# SPDX-License-Identifier: Apache-2.0
"""
`make bench`: measures, in one run, what tracing functions costs, next to empty programs, bpftrace and funclatency, and
holds it against DESIGN.md §5. Exit status: 0 all measured (misses are in the table), 1 something could not be.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time

import accuracy
import agent
import attach
import breakdown
import calls
import chain
import questdb
import rpc
import scrape
import symbols
from call_rows import call_rows
from children import Bench
from report import MISSING, print_cases, print_rows, print_table


def arguments():
    parser = argparse.ArgumentParser(prog="bench.py", description="The ratios of DESIGN.md §5, measured here.")
    parser.add_argument("--build", default="build", help="where tickscope and the bench programs were built")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: half a minute, wider spreads")
    parser.add_argument("--json", metavar="FILE", help="also write the results to FILE")
    return parser.parse_args()


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else "?"


def write_json(path, cases, rows):
    results = {
        "schema": "tickscope.bench/1",
        "kernel": platform.release(),
        "processor": processor(),
        "cases": [{"function": c.function, "tracer": c.name, "ns_per_call": c.ns, "calls": c.calls,
                   "counted": c.seen, "failure": c.failure} for c in cases.values()],
        "rows": [row.as_json() for row in rows],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)


def measure(bench, is_quick):
    """(cases, rows with a limit, rows without)"""
    say("one call, by turns among all tracers")
    cases, rewrites_nop = calls.measure(bench, 25 if is_quick else 150)
    rows, info = call_rows(cases, rewrites_nop)
    say("percentiles")
    accuracy_rows, accuracy_info = accuracy.measure(bench)
    say("attaching to 1000 functions")
    attach_rows = attach.measure(bench, 3 if is_quick else 5)
    say("functions of a very large executable")
    symbol_rows = symbols.measure(bench, 3 if is_quick else 5)
    say("the agent's own CPU and memory")
    agent_rows = agent.measure(bench, 2 if is_quick else 8)
    say("requests on connections")
    rpc_rows, rpc_info = rpc.measure(bench, 3 if is_quick else 9)
    say("chains")
    chain_rows, chain_info = chain.measure(bench, 3 if is_quick else 9)
    say("breakdowns")
    breakdown_info = breakdown.measure(bench, 3 if is_quick else 9)
    say("rows for QuestDB")
    questdb_rows, questdb_info = questdb.measure(bench)
    say("scrapes")
    scrape_info = scrape.measure(bench)
    return (cases, [*rows, *rpc_rows, *chain_rows, *accuracy_rows, *attach_rows, *symbol_rows, *agent_rows, *questdb_rows],
            [*info, *rpc_info, *chain_info, *breakdown_info, *accuracy_info, *questdb_info, *scrape_info])


def main():
    options = arguments()
    started = time.monotonic()
    if os.geteuid() != 0:
        sys.exit("bench: needs root, as tickscope, bpftrace and funclatency do")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unwinds, so that every child is stopped
    with Bench(os.path.abspath(options.build)) as bench:
        cases, rows, info = measure(bench, options.quick)
    print(f"kernel {platform.release()}, {processor()}, load {os.getloadavg()[0]:.1f}")
    print_cases(cases.values())
    print_rows(rows)
    print_table("Without a limit", ("what", "", "measured", "", "note"), [row.texts() for row in info], right=(2,))
    if options.json:
        write_json(options.json, cases, [*rows, *info])
    say(f"took {time.monotonic() - started:.0f} s")
    return 1 if any(row.verdict == MISSING for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
