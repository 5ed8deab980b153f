# SPDX-License-Identifier: Apache-2.0
"""Percentiles against the exact nearest-rank values of a program that knows its own durations."""

import array
import math
import os

from children import Failed
from report import Row

CALLS = 20_000  # p99.99 needs more than 10 000
# A call that is preempted between the probe and the program's own clock is longer for one of them: that moves a rank.
RANKS = 3
LIMIT_PERCENT = 0.4
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "p9999": 0.9999}


def spin(target, function, path):
    target.ask(f"spin {function} {CALLS} {path}")
    durations = array.array("Q")
    with open(path, "rb") as file:
        durations.frombytes(file.read())
    os.unlink(path)
    return sorted(durations)


def error_percent(exact, quantile, value_ns, allowed_ns):
    """By how much a percentile misses the true one (or its nearest neighbour in rank), less what is allowed."""
    rank = math.ceil(quantile * len(exact))
    low, high = exact[max(rank - RANKS, 1) - 1], exact[min(rank + RANKS, len(exact)) - 1]
    truth = min(max(value_ns, low), high)
    return 100 * max(abs(value_ns - truth) - allowed_ns, 0) / truth


def worst(errors):
    """The greatest of (percent, where) pairs."""
    return max(errors, key=lambda error: error[0])


def row(what, errors, limit=None):
    percent, where = worst(errors)
    return Row(what, percent, limit, "%", f"worst: {where}")


def measure(bench):
    functions = ("spin_constant", "spin_uniform", "spin_skewed", "spin_bimodal")
    what = "percentiles p50 … p99.99 against exact, beyond the probe's cost"
    try:
        target = bench.target()
        tool = bench.trace(target, "-f", "spin_*")
        tool.wait_attached()
        exact = {name: spin(target, name, bench.new_path("durations")) for name in functions}
        bench.stop(tool, target)
        operations = {o["name"]: o for o in tool.summary()["operations"]}
        if any(operations[name]["count"] != CALLS for name in functions):
            raise Failed("calls are missing")
    except (Failed, KeyError) as failure:
        return [Row(what, limit=LIMIT_PERCENT, unit="%", note=str(failure))], []
    beyond, raw, net = [], [], []
    for name in functions:
        operation = operations[name]
        cost_ns = operation["quality"]["probe_cost_ns"]
        for label, quantile in QUANTILES.items():
            where = f"{label} of {name}"
            value_ns = operation["percentiles_ns"][label]
            beyond.append((error_percent(exact[name], quantile, value_ns, cost_ns), where))
            raw.append((error_percent(exact[name], quantile, value_ns, 0), where))
            if operation["percentiles_net_ns"]:
                net_ns = operation["percentiles_net_ns"][label]
                net.append((error_percent(exact[name], quantile, net_ns, 0), where))
    info = [row("the same, with the probe's cost in it", raw)]
    if net:
        info.append(row("the same, net (--net)", net))
    return [row(what, beyond, LIMIT_PERCENT)], info
