# SPDX-License-Identifier: Apache-2.0
"""A history with known calls, and what QuestDB should have of it: computed from the calls alone."""
import collections
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading

from notify_parts import wait_for

BUILD = os.environ.get("BUILD", "build")
WRITER = os.path.abspath(os.path.join(BUILD, "e2e/history_driver"))
SINK = os.path.abspath(os.path.join(BUILD, "e2e/questdb_driver"))
S = 10**9

# What a name may hold, as a label's value is written: escaped as canonical text is.
AWKWARD = "a b,c=d\"e'f\\g;h--i\u00e4\u20ac\U0001f600 \u007f${x}?*:/%"

SERIES = [("engine", "desk::Executor::execute_trade", "function", {}),
          ("engine", "node", "rpc_client", {"method": "GET", "status": "200"}),
          ("engine", "node", "segment", {"from": "sent", "to": "arrived", "trading_pair": "SOL/USDC"}),
          ("feeder", "main.(*Book).Match", "function", {}),
          ("t=x y", AWKWARD, "function", {"route": AWKWARD})]


MANY = SERIES + [("engine", f"function_{i}", "function", {}) for i in range(60)]


def octave_of(ns):
    """Which group of 128 buckets counts it, and where in it: values below 128 ns have a bucket each, above every octave
    has 128."""
    if ns < 128:
        return 0, ns
    shift = ns.bit_length() - 8
    return shift + 1, (ns >> shift) - 128


def label_text(labels):
    escaped = {n: v.replace("\\", "\\\\").replace('"', '\\"') for n, v in labels.items()}
    return ",".join(f'{n}="{escaped[n]}"' for n in sorted(escaped))


class History:
    """`batches` of 10 s with some series, their calls at random; at most 360, since the writer keeps an hour of them."""

    def __init__(self, batches, series, start=1_800_000_000 * S, seed=1):
        self.directory = tempfile.mkdtemp(prefix="tickscope-history-")
        self.path = os.path.join(self.directory, "history.db")
        self.start, self.series, self.random = start, series, random.Random(seed)
        self.batches, self.run_cnt, self.windows, self.values = 0, 0, [], []
        self.add(batches)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def add(self, batches):
        """A run of its own."""
        lines = []
        self.run_cnt += 1
        run = f"run-{self.run_cnt}"
        for _ in range(batches):
            start = self.start + self.batches * 10 * S
            self.batches += 1
            lines.append(f"B\t{start}")
            for target, name, kind, labels in self.series:
                calls = [int(self.random.lognormvariate(11, 2)) for _ in range(self.random.randrange(1, 12))]
                errors = self.random.randrange(len(calls) + 1)
                self.windows.append((start, run, (target, name, kind, label_text(labels)), errors, calls))
                lines.append("\t".join(["W", target, name, kind, label_text(labels), str(errors), *map(str, calls)]))
            value = (self.random.random() * 100, 0.1, self.random.random() + 100, float(start))
            self.values.append((start, run, value))
            lines.append("\t".join(["V", "engine", "", "", "cpu_percent", *map(repr, value)]))
            lines.append("E")
        subprocess.run([WRITER, self.path, run], input="\n".join(lines) + "\n", text=True, check=True, timeout=60)

    def groups(self):
        """(run, minute) -> its windows, of groups that are over."""
        groups = collections.OrderedDict()
        for window in self.windows:
            groups.setdefault((window[1], window[0] // (60 * S)), []).append(window)
        groups.popitem()
        return groups

    def expected_latency(self):
        return sorted([start // 1000, run, *identity, len(calls), errors, sum(calls), min(calls), max(calls)]
                      for start, run, identity, errors, calls in self.windows)

    def expected_buckets(self):
        rows = []
        for windows in self.groups().values():
            by_series = collections.defaultdict(list)
            for window in windows:
                by_series[window[2]].append(window)
            for identity, parts in by_series.items():
                calls = [ns for part in parts for ns in part[4]]
                octaves = collections.defaultdict(lambda: [0.0] * 128)
                for ns in calls:
                    octave, at = octave_of(ns)
                    octaves[octave][at] += 1
                for octave, counts in octaves.items():
                    while not counts[-1]:
                        counts.pop()
                    once = ([sum(part[3] for part in parts), sum(calls), min(calls), max(calls), 0]
                            if octave == min(octaves) else [None] * 5)
                    rows.append([windows[0][0] // 1000, windows[0][1], *identity, 10 * S * len(parts), octave, counts, *once])
        return sorted(rows, key=repr)

    def expected_values(self):
        return sorted([start // 1000, run, "engine", "cpu_percent", *value] for start, run, value in self.values)


LATENCY = ("select cast(timestamp as long), run_id, target, operation, kind, labels, count, errors, sum_ns, min_ns, max_ns "
           "from tickscope_latency where host = '{host}'")
BUCKETS = ("select cast(timestamp as long), run_id, target, operation, kind, labels, window_ns, octave, counts, errors, sum_ns, "
           "min_ns, max_ns, lost from tickscope_bucket where host = '{host}'")
VALUES = ("select cast(timestamp as long), run_id, target, name, mean, min, max, last from tickscope_value "
          "where host = '{host}'")


def bare(rows):
    """The server says null for no labels."""
    return [["" if cell is None and i == 5 else cell for i, cell in enumerate(row)] for row in rows]


def check_rows(db, history, host="here", timeout_s=40):
    """Every row exactly once, with every number."""
    for query, expected in ((LATENCY, history.expected_latency()), (BUCKETS, history.expected_buckets()),
                            (VALUES, history.expected_values())):
        query = query.format(host=host)
        db.wait_sql(f"select count() from ({query})", lambda rows, cnt=len(expected): rows[0][0] >= cnt, timeout_s)
        rows = db.sql(query)
        rows = sorted(rows if "mean" in query else bare(rows), key=repr)
        expected = sorted(expected, key=repr)
        assert len(rows) == len(expected), f"{len(rows)} rows, not {len(expected)}: {query}"
        for got, wanted in zip(rows, expected):
            assert got == wanted, f"{got}, not {wanted}"


class Sink:
    """The sink on a history; nobody keeps its positions."""

    def __init__(self, path, url, host="here", credentials=()):
        self.process = subprocess.Popen([SINK, path, url, host, *credentials], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def last(self):
        return self.lines[-1] if self.lines else {"state": "none", "sent": 0, "behind": -1, "error": ""}

    def wait(self, what, condition, timeout_s=40):
        try:
            return wait_for(what, lambda: condition(self.last()), timeout_s)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; it is {self.last()}") from None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """Its exit status: 0 where all was sent."""
        self.process.stdin.close()
        return self.process.wait(timeout=20)
