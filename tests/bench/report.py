# SPDX-License-Identifier: Apache-2.0
"""Rows of a result: what was to be reached, what was measured; printed as tables."""

PASS, MISS, INFO, MISSING = "pass", "MISS", "-", "NOT MEASURED"


def number(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


class Row:
    """One number that DESIGN.md §5 sets a limit for, or (without limit) one that is good to know."""

    def __init__(self, what, measured=None, limit=None, unit="×", note="", is_floor=False):
        self.what, self.measured, self.limit, self.unit, self.note = what, measured, limit, unit, note
        self.is_floor = is_floor
        if measured is None:
            self.verdict = MISSING
        elif limit is None:
            self.verdict = INFO
        else:
            self.verdict = PASS if (measured >= limit if is_floor else measured <= limit) else MISS

    def texts(self):
        limit = "" if self.limit is None else f"{'≥' if self.is_floor else '≤'} {self.limit:g} {self.unit}"
        measured = "" if self.measured is None else f"{number(self.measured)} {self.unit}"
        return self.what, limit, measured, self.verdict, self.note

    def as_json(self):
        return vars(self)


def print_table(title, head, rows, right=()):
    """Columns as wide as their widest cell; those in `right` are right-aligned."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    print(f"\n{title}")
    for line in lines:
        cells = (cell.rjust(width) if i in right else cell.ljust(width)
                 for i, (cell, width) in enumerate(zip(line, widths)))
        print("  " + "  ".join(cells).rstrip())


def print_cases(cases):
    rows = []
    for case in cases:
        seen = "" if case.seen is None else f"{case.seen} of {case.calls}"
        if case.failure:
            rows.append((case.function, case.name, MISSING, "", case.failure))
        else:
            spread = f"[{min(case.ns):.1f} .. {max(case.ns):.1f}]"
            rows.append((case.function, case.name, f"{case.median_ns:.1f}", spread, seen))
    print_table("One call, by the clock of the program that makes it",
                ("function", "traced by", "ns, median", "[min .. max]", "calls counted"), rows, right=(2, 3))


def print_rows(rows):
    print_table("DESIGN.md §5", ("what", "reach", "measured", "", "note"), [row.texts() for row in rows], right=(1, 2))
