# SPDX-License-Identifier: Apache-2.0
"""An agent that sends to QuestDB over a process with a known number of calls, and what is there of them."""
import json
import os
import subprocess

BUILD = os.environ.get("BUILD", "build")
COUNTED = os.path.abspath(os.path.join(BUILD, "e2e/counted"))
NAME = "say \"hi\", a=b\\c 'd'; ä€"  # an operation's, as a person may write it
SHOWN_S = 40  # a window of the history, and the server's own time


def config(url, pid, *more):
    return "\n".join([
        "targets:", f"  - {{ name: engine, match: {{ pid: {pid} }} }}",
        "operations:", f"  - {{ name: {json.dumps(NAME)}, function: counted, error: 'ret < 0' }}",
        "sinks:", f"  questdb: {{ url: {json.dumps(url)}, host: desk-1 }}", *more, ""])


class Counted:
    """A process that makes as many calls as it is told."""

    def __init__(self):
        self.process = subprocess.Popen([COUNTED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.total = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def call(self, cnt):
        self.process.stdin.write(f"{cnt}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == f"{cnt}\n"
        self.total += cnt


def wait_counts(db, total):
    """All calls, each in one row."""
    db.wait_sql("select sum(count) from tickscope_latency", lambda rows: rows[0][0] == total, SHOWN_S)
    check_counts(db, total)


def check_counts(db, total):
    rows = db.sql("select sum(count), sum(errors), count(), count_distinct(timestamp) from tickscope_latency")[0]
    assert rows[0] == total and rows[2] == rows[3], (rows, total)
    names = db.sql("select distinct host, target, operation, kind, labels from tickscope_latency")
    assert names == [["desk-1", "engine", NAME, "function", None]], names


def sink(agent):
    return next(s for s in agent.status()["sinks"] if s["name"] == "questdb")


def check_buckets(db, total):
    """What the buckets hold is what was counted, once the agent's last minute is over: with its next life."""
    query = "select sum(array_sum(counts)), sum(errors) from tickscope_bucket"
    db.wait_sql(query, lambda rows: rows[0][0] == total, SHOWN_S)
    latency = db.sql("select sum(errors), sum(sum_ns), min(min_ns), max(max_ns), sum(window_ns) from tickscope_latency")
    buckets = db.sql("select sum(errors), sum(sum_ns), min(min_ns), max(max_ns), "
                     "sum(CASE WHEN errors IS NOT NULL THEN window_ns END) from tickscope_bucket")
    assert latency == buckets, (latency, buckets)
