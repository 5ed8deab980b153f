# SPDX-License-Identifier: Apache-2.0
"""
Percentiles against the exact nearest-rank values of a program that times its own calls: each from inside, without any
of the probe, and from outside, with all of it. A tracer's value of every call lies between the two, so its percentiles
lie between theirs, however the machine disturbs calls and probes; no noise has to be allowed for.
"""

import array
import math
import os

from children import Failed
from report import Row

CALLS = 20_000  # p99.99 needs more than 10 000
LIMIT_PERCENT = 0.4
FUNCTIONS = ("spin_constant", "spin_uniform", "spin_skewed", "spin_bimodal")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "p9999": 0.9999}


class Truth:
    """Durations of all calls of one function, by the program's own clock."""

    def __init__(self, target, function, path):
        target.ask(f"spin {function} {CALLS} {path}")
        durations = array.array("Q")
        with open(path, "rb") as file:
            durations.frombytes(file.read())
        os.unlink(path)
        self.inside, self.outside = sorted(durations[:CALLS]), sorted(durations[CALLS:])

    def bounds_ns(self, quantile):
        """(from inside, from outside), both exact by nearest rank."""
        rank = math.ceil(quantile * CALLS)
        return self.inside[rank - 1], self.outside[rank - 1]


def percent_off(truth, quantile, value_ns, cost_ns):
    """How far a percentile lies outside of what is true, plus the calibrated cost of the probe."""
    low_ns, outside_ns = truth.bounds_ns(quantile)
    high_ns = max(low_ns + cost_ns, outside_ns)
    return 100 * max(low_ns - value_ns, value_ns - high_ns, 0) / low_ns


def trace_spins(bench, options):
    """({function: Truth}, {function: what tickscope says of it})"""
    target = bench.target()
    tool = bench.trace(target, "-f", "spin_*", *options)
    tool.wait_attached()
    truths = {name: Truth(target, name, bench.new_path("durations")) for name in FUNCTIONS}
    bench.stop(tool, target)
    operations = {o["name"]: o for o in tool.summary()["operations"]}
    for name in FUNCTIONS:
        if name not in operations or operations[name]["count"] != CALLS:
            raise Failed(f"not every call of {name} was counted")
    return truths, operations


def median_rows(kind, truths, operations):
    """How much of the probe is in a short median, and how much stays in it after tickscope has taken it off."""
    operation = operations["spin_bimodal"]
    true_ns, _ = truths["spin_bimodal"].bounds_ns(0.5)
    rows = []
    for member, name in (("percentiles_ns", "raw"), ("percentiles_net_ns", "net")):
        if operation[member]:
            rows.append(Row(f"{name} median of a {true_ns} ns call ({kind}) off", operation[member]["p50"] - true_ns,
                            unit="ns", note=f"probe_inner_ns {operation['quality']['probe_inner_ns']}"))
    return rows


def measure_probe(bench, kind, *options):
    """(rows with a limit, rows without) for one kind of probe."""
    what = f"percentiles p50 … p99.99 ({kind}) off, beyond the probe's cost"
    try:
        truths, operations = trace_spins(bench, options)
    except Failed as failure:
        return [Row(what, limit=LIMIT_PERCENT, unit="%", note=str(failure))], []
    errors = [(percent_off(truths[name], quantile, operations[name]["percentiles_ns"][label],
                           operations[name]["quality"]["probe_cost_ns"]), f"{label} of {name}")
              for name in FUNCTIONS for label, quantile in QUANTILES.items()]
    percent, where = max(errors)
    probe = operations[FUNCTIONS[0]]["quality"]["probe"]
    note = f"worst: {where}, {probe}" if percent else probe
    return [Row(what, percent, LIMIT_PERCENT, "%", note)], median_rows(kind, truths, operations)


def measure(bench):
    kinds = (("session", "--exit", "fast"), ("exit sites", "--exit", "safe"))
    results = [measure_probe(bench, *kind) for kind in kinds]
    return [row for rows, _ in results for row in rows], [row for _, info in results for row in info]
