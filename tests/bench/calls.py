# SPDX-License-Identifier: Apache-2.0
"""What one traced call costs: every tracer on a target of its own, all of them measured in turns."""

import random
import re
import statistics
import time

from children import Failed
from sites import sites_of, text_at

BATCH_NS = 3_000_000  # short enough that most batches are not preempted
BATCH_MIN_CALLS, BATCH_MAX_CALLS = 50, 100_000
WARM_UP_CALLS = 200  # the first hit of a 5-byte nop rewrites it
RETRY_MAX = 4        # a batch that was preempted is done again
SETTLE_S = 0.5       # bpftrace and funclatency do not say when their second probe is in

BPFTRACE_PROGRAM = (
    "uprobe:{0}:{1} {{ @s[tid]=nsecs }} uretprobe:{0}:{1} {{ @h=hist(nsecs-@s[tid]); delete(@s[tid]) }}"
)


# --- tracers: each takes (bench, target, function) and returns the running tool -----------------------------

def untraced(_bench, _target, _function):
    return None


def empty(*programs):
    """Empty programs, as `KIND@SITE` with the sites of sites_of()."""
    def start(bench, target, function):
        offsets = sites_of(target.path, function)
        wanted = [program.split("@") for program in programs]
        return bench.tool(bench.empty_load, str(target.pid), target.path,
                          *(f"{kind}@{offsets[site]}" for kind, site in wanted))
    return start


def bpftrace(bench, target, function):
    program = BPFTRACE_PROGRAM.format(target.path, function)
    return bench.tool("bpftrace", "-p", str(target.pid), "-e", program)


def funclatency(bench, target, function):
    return bench.tool("funclatency", "-p", str(target.pid), f":{function}")


def tickscope(*options):
    def start(bench, target, function):
        return bench.trace(target, "-f", function, *options)
    return start


def wait_ready(tool, target, function):
    if tool.name in ("empty-load", "tickscope"):
        tool.wait_attached()
    else:
        start = sites_of(target.path, function)["start"]
        tool.wait_until(lambda: text_at(target.pid, target.path, start) == b"\xcc")


# --- cases --------------------------------------------------------------------------------------------------

class Case:
    """One tracer on one function."""

    def __init__(self, function, name, start):
        self.function, self.name, self.start = function, name, start
        self.key = (function, name)
        self.ns = []          # per call, one a round
        self.calls = 0        # made in all
        self.seen = None      # calls that the tracer counted, where it counts
        self.failure = None   # why it could not be measured
        self.operation = None # what tickscope said at the end
        self.target = self.tool = self.batch_calls = None

    @property
    def median_ns(self):
        return statistics.median(self.ns)

    def batch(self, calls):
        took_ns, preempted_cnt = self.target.ask(f"batch {self.function} {calls}")
        self.calls += calls
        return took_ns / calls, preempted_cnt

    def measure(self):
        for _ in range(RETRY_MAX):
            ns, preempted_cnt = self.batch(self.batch_calls)
            if not preempted_cnt:
                break
        self.ns.append(ns)


TWO_UPROBES = ("two empty uprobes: entry, ret", empty("uprobe@entry", "uprobe@ret"))
COMPARED = (
    ("untraced", untraced),
    ("empty uprobe at the entry site", empty("uprobe@entry")),
    ("empty session at the entry site", empty("session@entry")),
    ("bpftrace hist()", bpftrace),
    ("funclatency", funclatency),
    ("tickscope", tickscope()),
)
TABLE = {
    "work_cet": (
        *COMPARED,
        ("empty uprobe at the symbol", empty("uprobe@start")),
        ("tickscope among 11 functions", tickscope("-f", "series_00?")),
        ("tickscope --level multi", tickscope("--level", "multi")),
        ("tickscope --level perf", tickscope("--level", "perf")),
        TWO_UPROBES,
        ("tickscope --exit safe", tickscope("--exit", "safe")),
        ("tickscope --breakdown", tickscope("--breakdown")),
        ("tickscope --slowest 10", tickscope("--slowest", "10")),
    ),
    "work_push": (*COMPARED, TWO_UPROBES, ("tickscope --exit safe", tickscope("--exit", "safe"))),
    "work_nop5": COMPARED,
}


def start_all(bench, cases):
    """One after the other: tickscope calibrates itself meanwhile, which compiling neighbours would disturb."""
    for case in cases:
        try:
            case.target = bench.target()
            case.tool = case.start(bench, case.target, case.function)
            if case.tool:
                wait_ready(case.tool, case.target, case.function)
        except Failed as failure:
            case.failure = str(failure)
    time.sleep(SETTLE_S)


def count_histogram(text):
    """Calls in a histogram drawn by bpftrace or funclatency: the number before each bar."""
    return sum(int(cnt) for cnt in re.findall(r"(\d+)\s*\|", text))


def stop_all(bench, cases):
    for case in cases:
        bench.stop(*(child for child in (case.tool, case.target) if child))
        if case.failure or not case.tool or case.tool.name == "empty-load":
            continue
        try:
            if case.tool.name == "tickscope":
                operations = {o["name"]: o for o in case.tool.summary()["operations"] if o["kind"] == "function"}
                case.operation = operations[case.function]
                case.seen = case.operation["count"]
            else:
                case.seen = count_histogram(case.tool.output())
        except (Failed, KeyError) as failure:
            case.failure = f"no result of {case.function}: {failure}"


def is_nop_rewritten(cases):
    """Whether this kernel replaces a probed 5-byte nop by a call (6.18+); asked after the first hits."""
    case = cases["work_nop5", "empty session at the entry site"]
    if case.failure:
        return False
    entry = sites_of(case.target.path, case.function)["entry"]
    return text_at(case.target.pid, case.target.path, entry) == b"\xe8"


def measure(bench, round_cnt):
    """Returns the cases by (function, name), and whether probed nops are rewritten."""
    cases = {(f, name): Case(f, name, start) for f, rows in TABLE.items() for name, start in rows}
    start_all(bench, cases.values())
    measured = [case for case in cases.values() if not case.failure]
    for case in measured:
        case.batch(WARM_UP_CALLS)
        ns, _ = case.batch(WARM_UP_CALLS)
        case.batch_calls = int(min(max(BATCH_NS / max(ns, 1), BATCH_MIN_CALLS), BATCH_MAX_CALLS))
    rewrites_nop = is_nop_rewritten(cases)
    order = random.Random(1)  # who comes after whom changes, in every run alike
    for _ in range(round_cnt):
        for case in order.sample(measured, len(measured)):
            case.measure()
    stop_all(bench, cases.values())
    return cases, rewrites_nop


def ratio(over, under):
    """Median of the rounds' ratios: what slows a whole round down cancels out."""
    return statistics.median(a / b for a, b in zip(over.ns, under.ns))
