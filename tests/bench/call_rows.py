# SPDX-License-Identifier: Apache-2.0
"""The rows of DESIGN.md §5 that come from the cost of one call."""

from calls import ratio
from report import Row

STEP_IS_DEAR = 6        # single-stepping costs 2-3 times on bare metal, 10-20 times in a VM (DESIGN.md §3)
SESSION = "empty session at the entry site"
SYMBOL = "empty uprobe at the symbol"
ENTRY = "empty uprobe at the entry site"
TWO_UPROBES = "two empty uprobes: entry, ret"
BPFTRACE = "bpftrace hist()"
FUNCLATENCY = "funclatency"
TICKSCOPE = "tickscope"
SAFE = "tickscope --exit safe"


class CallRows:
    """Makes rows; a case that could not be measured leaves its rows unmeasured, with the reason."""

    def __init__(self, cases):
        self.cases = cases
        self.rows = []

    def case(self, function, name):
        return self.cases[function, name]

    def add_ratio(self, what, function, over, under, limit=None, note="", expects=""):
        """`expects`: what tickscope must say of its probe for the comparison to be one of like with like."""
        pair = self.case(function, over), self.case(function, under)
        for case in pair:
            if case.failure:
                self.rows.append(Row(what, limit=limit, note=f"{case.name}: {case.failure}"))
                return
        probe = pair[0].operation["quality"]["probe"] if pair[0].operation else ""
        if expects not in probe:
            self.rows.append(Row(what, limit=limit, note=f"the probe is another: {probe}"))
            return
        self.rows.append(Row(what, ratio(*pair), limit, note=note or probe))


def step_ratio(cases):
    """How much dearer a single-stepped instruction is here than an emulated one; None where not measured."""
    pair = cases["work_cet", SYMBOL], cases["work_cet", ENTRY]
    return None if any(case.failure for case in pair) else ratio(*pair)


def add_session_rows(table, rewrites_nop):
    steps = step_ratio(table.cases)
    is_dear = steps is not None and steps >= STEP_IS_DEAR
    note = "" if steps is None else f"single-stepping costs {steps:.1f} × emulation here"
    table.add_ratio("endbr64+push: tickscope / empty session there", "work_cet", TICKSCOPE, SESSION, 1.15,
                    expects="session")
    table.add_ratio("endbr64+push: tickscope / bpftrace hist()", "work_cet", TICKSCOPE, BPFTRACE,
                    0.13 if is_dear else 0.6, note)
    if rewrites_nop:
        table.add_ratio("nop5: tickscope / empty session there", "work_nop5", TICKSCOPE, SESSION, 1.15,
                        expects="session")
    else:
        table.rows.append(Row("nop5: tickscope / empty session there", limit=1.15,
                              note="this kernel does not rewrite 5-byte nops"))


def add_exit_rows(table):
    for function, entry in (("work_cet", "endbr64+push"), ("work_push", "push")):
        table.add_ratio(f"{entry}, exit sites: tickscope / two empty uprobes there", function, SAFE, TWO_UPROBES, 1.10,
                        expects="exit")
        table.add_ratio(f"{entry}, exit sites: tickscope / bpftrace's uretprobe", function, SAFE, BPFTRACE, 1.10,
                        expects="exit")


def add_other_tools(table):
    for function in ("work_cet", "work_push", "work_nop5"):
        if function != "work_cet":
            table.add_ratio(f"{function}: tickscope / bpftrace hist()", function, TICKSCOPE, BPFTRACE)
        table.add_ratio(f"{function}: tickscope / funclatency", function, TICKSCOPE, FUNCLATENCY)
    table.add_ratio("work_push: tickscope / empty session there", "work_push", TICKSCOPE, SESSION)
    for name in ("tickscope among 11 functions", "tickscope --level multi", "tickscope --level perf"):
        table.add_ratio(f"work_cet: {name} / empty session there", "work_cet", name, SESSION)
    for name in ("tickscope --breakdown", "tickscope --slowest 10"):
        table.add_ratio(f"work_cet: {name} / tickscope", "work_cet", name, TICKSCOPE)


def add_calibration(table):
    """What tickscope says that its probe costs, next to what its target pays."""
    for function, name in (key for key in table.cases if key[1].startswith("tickscope")):
        case, bare = table.case(function, name), table.case(function, "untraced")
        if case.failure or bare.failure:
            continue
        quality = case.operation["quality"]
        paid_ns = case.median_ns - bare.median_ns
        inner_ns = case.operation["percentiles_ns"]["p50"] - bare.median_ns
        cost_ns = quality["probe_cost_ns"]
        note = (f"says {cost_ns} of {paid_ns:.0f} ns, inside the interval {quality['probe_inner_ns']} of "
                f"{inner_ns:.0f} ns")
        table.rows.append(Row(f"{function}, {name}: probe_cost_ns / what a call pays", cost_ns / paid_ns, note=note))


def add_exactness(table):
    counted = [case for case in table.cases.values() if case.operation]
    if not counted:
        table.rows.append(Row("calls that tickscope lost or doubled", limit=0, unit="calls"))
        return
    wrong = sum(abs(case.seen - case.calls) for case in counted)
    calls = sum(case.calls for case in counted)
    table.rows.append(Row("calls that tickscope lost or doubled", wrong, 0, "calls", f"of {calls}"))


def call_rows(cases, rewrites_nop):
    """(rows with a limit, rows without)"""
    table = CallRows(cases)
    add_session_rows(table, rewrites_nop)
    add_exit_rows(table)
    add_exactness(table)
    limited_cnt = len(table.rows)
    add_other_tools(table)
    add_calibration(table)
    return table.rows[:limited_cnt], table.rows[limited_cnt:]
