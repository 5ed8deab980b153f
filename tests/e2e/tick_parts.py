# SPDX-License-Identifier: Apache-2.0
"""What the tests of chains share: the trading system traced from its first instruction on, and what must have become of
each tick and order by the engine's own record."""
import collections
import csv
import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time

from rpc_parts import BUILD, TICKSCOPE, check, check_equal, end

PUSH_ID = EXECUTE_ID = "*(u64*)(arg2)"
# It happened between two instants of the record; `at` is the one that has the order of things.
Event = collections.namedtuple("Event", "at early late stage key then")


class Engine:
    """One run of the engine: its counts, calls, orders and reads."""

    def __init__(self, out, path):
        self.said = json.loads(out.splitlines()[-1])
        self.calls, self.orders, self.reads, self.thread = [], [], [], None
        rows, take = None, {"function": self.take_call, "order": self.take_order, "read": self.take_read}
        with open(path, newline="") as file:
            for row in csv.reader(file):
                if row[0] in take:
                    head, rows = row, take[row[0]]
                else:
                    rows(dict(zip(head, row)))
        self.orders.sort(key=lambda o: o["order"])

    def take_call(self, row):
        self.calls.append((row["function"], int(row["thread"]), int(row["begin_ns"]), row["ok"] == "1"))

    def take_order(self, row):
        self.orders.append({k: v if k == "clordid" else int(v) for k, v in row.items()})

    def take_read(self, row):
        self.reads.append((int(row["begin_ns"]), int(row["end_ns"])))

    def begins(self, function):
        return sorted(c[2] for c in self.calls if c[0] == function)


class Outcome:
    """What must have become of each that began."""

    def __init__(self):
        self.begun = self.overtaken = self.timed_out = self.open = 0
        self.stopped_at, self.completed = collections.Counter(), []

    def add(self, other):
        self.begun += other.begun
        self.overtaken += other.overtaken
        self.timed_out += other.timed_out
        self.stopped_at += other.stopped_at
        self.completed += other.completed


def follow(events, stage_cnt):
    """Walks through events (in the order of their times) as README says of chains: a stage is passed where those before it
    were, under the same key, and again it counts anew from there; a begin under a key that is under way overtakes. What is
    left has timed out."""
    outcome, under_way = Outcome(), {}

    def stop(state, is_overtaken):
        outcome.overtaken += is_overtaken
        outcome.timed_out += not is_overtaken
        outcome.stopped_at[len(state) - 1] += 1

    for event in sorted(events):
        if event.stage == 0:
            outcome.begun += 1
            if event.key in under_way:
                stop(under_way[event.key], True)
            under_way[event.key] = [(event.early, event.late)]
            continue
        state = under_way.get(event.key)
        if state is None or len(state) < event.stage:
            continue
        del state[event.stage:]
        # A stage that another thread passes before the last one is over has the time of that one's end.
        state.append((max(event.early, state[-1][0]), max(event.late, state[-1][1])))
        if event.stage == stage_cnt - 1:
            outcome.completed.append(under_way.pop(event.key))
        elif event.then is not None:
            del under_way[event.key]
            if event.then in under_way:
                stop(under_way[event.then], True)
            under_way[event.then] = state
    for state in under_way.values():
        stop(state, False)
    return outcome


class System:
    """Exchange and node on ports of their own, and engines of a copy of the program that nobody else traces."""

    def __init__(self, *exchange_options):
        self.directory = tempfile.mkdtemp(prefix="tickscope-tick-")
        self.engine = os.path.join(self.directory, "engine")
        shutil.copy(os.path.join(BUILD, "engine", "engine"), self.engine)
        self.processes = []
        self.exchange, line = self.start("exchange", "--is-open", "0", *exchange_options)
        self.fix, self.md = (int(word.split("=")[1]) for word in line.split()[1:])
        self.node, line = self.start("node")
        self.rpc = int(line.split("=")[1])
        self.tracer = None

    def start(self, program, *options):
        process = subprocess.Popen([os.path.join(BUILD, "engine", program), "--duration-s", "100", *options],
                                   stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        line = process.stdout.readline()
        assert line.startswith("listening"), line
        return process, line

    def trace(self, *options):
        """Starts the tracer; words in stages that are MD and FIX stand for the ports."""
        words = [o.replace("FIX", f"127.0.0.1:{self.fix}").replace("MD", f"127.0.0.1:{self.md}") for o in options]
        self.output = tempfile.TemporaryFile("w+")
        self.tracer = subprocess.Popen([TICKSCOPE, "trace", "--exe", self.engine, "--json", *words], stdout=self.output,
                                       stderr=subprocess.PIPE, text=True)
        self.processes.append(self.tracer)
        self.said = ""
        while "attached" not in self.said:
            self.listen()

    def run_engines(self, cnt, *options):
        """Starts them, opens the market once all are traced; their records, when all have ended."""
        paths = [os.path.join(self.directory, f"truth{i}") for i in range(cnt)]
        engines = [subprocess.Popen([self.engine, "--md-port", str(self.md), "--fix-port", str(self.fix), "--rpc-port",
                                     str(self.rpc), "--truth", path, *options], stdout=subprocess.PIPE, text=True)
                   for path in paths]
        self.processes += engines
        while self.said.count(" is traced") < cnt:
            self.listen()
        self.exchange.send_signal(signal.SIGUSR1)
        outs = [engine.communicate(timeout=60)[0] for engine in engines]
        assert all(engine.returncode == 0 for engine in engines)
        return [Engine(out, path) for out, path in zip(outs, paths)]

    def listen(self):
        line = self.tracer.stderr.readline()
        assert line, f"the trace ended: {self.said}"
        self.said += line

    def finish(self):
        """Ends the trace: its operations. And the exchange: its counts."""
        self.tracer.send_signal(signal.SIGINT)
        self.said += self.tracer.communicate(timeout=30)[1]
        self.output.seek(0)
        lines = self.output.read().splitlines()
        assert self.tracer.returncode == 0 and lines, self.said
        self.exchange.terminate()
        counts = json.loads(self.exchange.communicate(timeout=20)[0].splitlines()[-1])
        return json.loads(lines[-1])["operations"], counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            end(process)
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        if self.tracer:
            self.output.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def chain_of(operations, name):
    """A chain's operation and its segments, in the order of the stages."""
    whole = [o for o in operations if o["kind"] == "chain" and o["name"] == name]
    assert len(whole) == 1, [(o["name"], o["kind"]) for o in operations]
    return whole[0], [o for o in operations if o["kind"] == "segment" and o["name"] == name]


def check_counts(operations, name, truth, stages):
    """Exactly as many began, completed, were overtaken, timed out, and stopped where they did."""
    whole, segments = chain_of(operations, name)
    quality = whole["quality"]
    counted = [quality[k] for k in ("begun", "completed", "overtaken", "timed_out", "in_flight", "lost")]
    check_equal(counted, [truth.begun, len(truth.completed), truth.overtaken, truth.timed_out, 0, 0],
                f"{name}: begun, completed, overtaken, timed out, in flight, lost")
    check_equal([quality["stopped_at"][s] for s in stages], [truth.stopped_at[i] for i in range(len(stages))],
                f"{name}: stopped at {stages}")
    check(quality["begun"] == quality["entries"] and quality["completed"] == quality["returns"] == whole["count"]
          and quality["unwound"] == quality["overtaken"] + quality["timed_out"] and quality["unread_keys"] == 0,
          f"{name}: the identities hold")
    check([(s["labels"]["from"], s["labels"]["to"]) for s in segments] == list(zip(stages, stages[1:])),
          f"{name}: a segment for each pair of stages")
    check(all(s["count"] == whole["count"] for s in segments)
          and sum(s["sum_ns"] for s in segments) == whole["sum_ns"], f"{name}: segments add up to the whole exactly")


STATE_CNT = 9


def shares_of(operations, operation):
    """The shares that stand behind an operation, without their states."""
    labels = {k: operation["labels"].get(k) for k in ("from", "to")}
    return [o for o in operations if o["kind"] == "share" and o["name"] == operation["name"]
            and {k: o["labels"].get(k) for k in labels} == labels]


def check_shares(operations, name, split):
    """Of the segments, and behind them the whole: 1: each is split, but for those over a switch that the kernel did not tell
    of; 0: none is, since it ends on another thread; None: there are no shares, since user space tells where it ends."""
    whole, segments = chain_of(operations, name)
    bad, unsplit, split_cnt, gap_cnt = [], 0, 0, 0
    for operation, wanted in zip((*segments, whole), split, strict=True):
        shares = shares_of(operations, operation)
        counts, sum_ns = {s["count"] for s in shares}, sum(s["sum_ns"] for s in shares)
        if len(shares) != (0 if wanted is None else STATE_CNT) or len({s["labels"]["state"] for s in shares}) != len(shares):
            bad.append((operation["labels"], len(shares)))
            continue
        if wanted is None:
            continue
        missing = operation["count"] - max(counts)
        unsplit += missing if operation is not whole else 0
        split_cnt += wanted * operation["count"]
        gap_cnt += wanted * missing
        if (len(counts) != 1 or (not wanted and counts != {0}) or (not missing and sum_ns != operation["sum_ns"])
                or sum_ns > operation["sum_ns"] or any(s["quality"]["entries"] != s["count"] for s in shares)):
            bad.append((operation["labels"], operation["count"], operation["sum_ns"], counts, sum_ns))
    check(not bad and gap_cnt <= split_cnt / 10 and unsplit == whole["quality"]["unsplit"],
          f"{name}: shares of {split} add up, {gap_cnt} of {split_cnt} not split, unsplit {unsplit} {bad if bad else ''}")


QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
RELATIVE_ERROR = 0.0079  # of a bucket


def misfits(operation, bounds):
    """What lies outside of the bounds: of each time (least, most) by the record, so that of the least ones the n-th smallest
    is no more than the n-th smallest time, and so on."""
    least, most = (sorted(times) for times in zip(*bounds))
    bad = []
    for name, quantile in QUANTILES.items():
        said, rank = operation["percentiles_ns"][name], math.ceil(quantile * len(bounds)) - 1
        if said is not None and not (least[rank] * (1 - RELATIVE_ERROR) - 1 <= said <= most[rank] * (1 + RELATIVE_ERROR) + 1):
            bad.append((name, said, least[rank], most[rank]))
    if not sum(least) <= operation["sum_ns"] <= sum(most):
        bad.append(("sum", operation["sum_ns"], sum(least), sum(most)))
    return bad


def check_times(operations, name, truth):
    """Percentiles and sums, of segments and the whole, lie where the engine's record says, however busy the machine is."""
    whole, segments = chain_of(operations, name)
    pairs = [(s, i, i + 1) for i, s in enumerate(segments)] + [(whole, 0, len(segments))]
    bad, least_sum, most_sum = {}, 0, 0
    for operation, begin, end_idx in pairs:
        bounds = [(max(times[end_idx][0] - times[begin][1], 0), times[end_idx][1] - times[begin][0])
                  for times in truth.completed]
        least_sum, most_sum = (sum(b) for b in zip(*bounds))
        if misfits(operation, bounds):
            bad[operation["labels"].get("to", "whole")] = misfits(operation, bounds)
    check(not bad, f"{name}: percentiles and sums are within the engine's record, of {len(truth.completed)} times, mean "
          f"{least_sum / len(truth.completed):.0f} … {most_sum / len(truth.completed):.0f} ns {bad if bad else ''}")


def await_time_outs(timeout_s):
    """All that did not complete has timed out by then, and the loop has looked for it."""
    time.sleep(timeout_s + 1.5)
