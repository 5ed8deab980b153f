# SPDX-License-Identifier: Apache-2.0
"""
What it costs that the requests on connections are counted: one request and its answer, next to empty programs at the
same hooks, and redis-benchmark's throughput. Socket hooks are the whole machine's: who traces is attached in turns, and
a round has each of them once.
"""

import random
import shutil
import socket
import statistics
import subprocess
import time

from agent import cpu_ns
from calls import count_histogram
from children import Failed
from report import Row

PAIR_REQUESTS = 20_000
PAIR_BATCHES = 5
REDIS_REQUESTS = 100_000
BPFTRACE_S = 3  # it does not say when it has attached
HOOKS = ("--hooks", "raw_tp")  # those that every kernel from 6.3 on has; empty.bpf.c is at the same

# What a user of bpftrace would write: the time from a receive to the next send of a thread. Its tracepoints need
# tracefs, which not every machine has mounted: in a mount namespace of its own, nobody else sees that.
BPFTRACE_PROGRAM = (
    "tracepoint:sock:sock_recv_length /pid == {0} && args->ret > 0/ {{ @s[tid] = nsecs; }} "
    "tracepoint:sock:sock_send_length /pid == {0} && @s[tid]/ {{ @h = hist(nsecs - @s[tid]); delete(@s[tid]); }}"
)
WITH_TRACEFS = "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec bpftrace -e \"$1\""


# --- tracers: each takes (bench, pid) and returns the running tool ---------------------------------------

def untraced(_bench, _pid):
    return None


def empty(bench, _pid):
    tool = bench.tool(bench.empty_load, "sockets")
    tool.wait_attached()
    return tool


def tickscope(*options):
    def start(bench, pid):
        tool = bench.tool(bench.tickscope, "trace", "-p", str(pid), "--rpc", "--json", *HOOKS, *options)
        tool.wait_attached()
        return tool
    return start


def bpftrace(bench, pid):
    if not shutil.which("bpftrace"):
        raise Failed("bpftrace is not there")
    tool = bench.tool("unshare", "--mount", "sh", "-c", WITH_TRACEFS, "sh", BPFTRACE_PROGRAM.format(pid))
    tool.wait_until(lambda: "Attaching" in tool.output() + tool.messages())
    time.sleep(BPFTRACE_S)
    return tool


class Turns:
    """Every tracer measured in every round, in changing order."""

    def __init__(self, bench, pid, tracers, measure):
        self.bench, self.pid, self.tracers, self.measure = bench, pid, tracers, measure
        self.results = {name: [] for name in tracers}
        self.failures, self.summaries = {}, {name: [] for name in tracers}

    def run(self, round_cnt):
        order = random.Random(1)
        for _ in range(round_cnt):
            for name in order.sample(sorted(self.tracers), len(self.tracers)):
                if name not in self.failures:
                    self.turn(name)

    def turn(self, name):
        try:
            tool = self.tracers[name](self.bench, self.pid)
            self.results[name].append(self.measure())
            if tool:
                self.bench.stop(tool)
            if name == "bpftrace" and not count_histogram(tool.output()):
                raise Failed("bpftrace has counted nothing")
            if tool and tool.name == "tickscope":
                self.summaries[name].append((tool.summary(), tool.messages()))
        except (Failed, OSError, subprocess.SubprocessError) as failure:
            self.failures[name] = f"{name}: {failure}"

    def row(self, what, over, under, limit=None, which=0, **options):
        for name in (over, under):
            if name in self.failures:
                return Row(what, limit=limit, note=self.failures[name], **options)
        pairs = [[result[which] for result in self.results[name]] for name in (over, under)]
        ratios = [a / b for a, b in zip(*pairs)]
        medians = [statistics.median(values) for values in pairs]
        note = (f"medians {medians[0]:.0f} and {medians[1]:.0f}; of {len(ratios)} rounds {min(ratios):.2f} to "
                f"{max(ratios):.2f}")
        return Row(what, statistics.median(ratios), limit, note=note, **options)


def pair_rows(bench, round_cnt):
    """A request is two sends and two receives in one thread, seen as client and as server: all are the target's."""
    pair = bench.program("rpc-pair")

    def one():
        return (min(pair.ask(str(PAIR_REQUESTS))[0] for _ in range(PAIR_BATCHES)) / PAIR_REQUESTS,)

    tracers = {"untraced": untraced, "empty": empty, "tickscope": tickscope(), "bpftrace": bpftrace}
    turns = Turns(bench, pair.pid, tracers, one)
    turns.run(round_cnt)
    bench.stop(pair)
    rows = [turns.row("one RPC, ns: counted / an empty program on the same hooks", "tickscope", "empty", 1.6)]
    info = [turns.row("one RPC, ns: an empty program / untraced", "empty", "untraced"),
            turns.row("one RPC, ns: counted / untraced", "tickscope", "untraced"),
            turns.row("one RPC, ns: counted / bpftrace hist()", "tickscope", "bpftrace")]
    if not turns.failures:
        base, floor, ours = (statistics.median(r[0] for r in turns.results[name])
                             for name in ("untraced", "empty", "tickscope"))
        info.append(Row("one RPC: what counting adds", ours - base, unit="ns",
                        note=f"empty programs: {floor - base:.0f} ns, for two sends, two receives, two arrivals"))
    return rows, info


class Redis:
    """A server of its own."""

    def __init__(self, bench):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = str(s.getsockname()[1])
        self.tool = bench.tool("redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly",
                               "no")
        self.tool.wait_until(lambda: "Ready to accept" in self.tool.output())

    def measure(self):
        """Requests a second, and the server's CPU ns for each: what shares the machine with it slows only the first."""
        before_ns = cpu_ns(self.tool.pid)
        said = subprocess.run(["redis-benchmark", "-p", self.port, "-c", "50", "-P", "1", "-n", str(REDIS_REQUESTS),
                               "-t", "get", "--csv"], capture_output=True, text=True, check=True, timeout=60).stdout
        return (float(said.splitlines()[-1].split(",")[1].strip('"')),
                (cpu_ns(self.tool.pid) - before_ns) / REDIS_REQUESTS)


def lost(turns, name, method):
    """Requests that a trace did not tell, and what it says it lost."""
    cnt = 0
    for summary, said in turns.summaries[name]:
        told = sum(o["count"] for o in summary["operations"]
                   if o["kind"] == "rpc_server" and o["labels"].get("method") == method)
        cnt += abs(REDIS_REQUESTS - told) + said.count("were lost")
    return cnt


def redis_rows(bench, round_cnt):
    if not shutil.which("redis-server") or not shutil.which("redis-benchmark"):
        raise Failed("redis-server or redis-benchmark is not there")
    redis = Redis(bench)
    turns = Turns(bench, redis.tool.pid,
                  {"untraced": untraced, "empty": empty, "by direction": tickscope(),
                   "parsed": tickscope("--protocol", "redis"), "bpftrace": bpftrace}, redis.measure)
    turns.run(round_cnt)
    bench.stop(redis.tool)
    what = "redis-benchmark -c 50 -P 1, requests/s: {} / untraced"
    rows = [turns.row(what.format("counted"), "by direction", "untraced", 0.97, is_floor=True),
            turns.row(what.format("parsed"), "parsed", "untraced", 0.90, is_floor=True)]
    if "parsed" not in turns.failures:
        rows.append(Row("requests that the parser lost or doubled", lost(turns, "parsed", "GET"), 0, "requests",
                        f"of {REDIS_REQUESTS * len(turns.summaries['parsed'])}"))
    info = [turns.row(what.format("empty programs on the same hooks"), "empty", "untraced"),
            turns.row(what.format("bpftrace hist()"), "bpftrace", "untraced")]
    for name in ("empty", "by direction", "parsed", "bpftrace"):
        info.append(turns.row(f"redis-server's CPU for a request, ns: {name} / untraced", name, "untraced", which=1))
    return rows, info


def measure(bench, round_cnt):
    """(rows with a limit, rows without)"""
    rows, info = [], []
    for what, part in (("one RPC", pair_rows), ("redis-benchmark", redis_rows)):
        try:
            more_rows, more_info = part(bench, round_cnt)
            rows, info = rows + more_rows, info + more_info
        except (Failed, OSError) as failure:
            rows.append(Row(what, limit=0, note=str(failure)))
    return rows, info
