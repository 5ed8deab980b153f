# SPDX-License-Identifier: Apache-2.0
"""How long it takes to attach to a thousand functions, and what the target notices of it."""

import re
import statistics

from children import Failed
from report import Row

STEADY_MS = 1500
LIMIT_MS = 200
FUNCTION_CNT = 1000


def attach_once(bench):
    """Attaches and detaches while the target runs: (ms, what tickscope says, wrong results, pauses before, in it)."""
    target = bench.target()
    _, wrong_before, quiet_ns = target.ask(f"steady {STEADY_MS}")
    target.tell(f"steady {STEADY_MS}")
    tool = bench.trace(target, "-f", "series_*", "-f", "bulk_*")
    took_s = tool.wait_attached()
    bench.stop(tool)
    _, wrong, pause_ns = target.answer()
    operations = tool.summary()["operations"]
    if len(operations) != FUNCTION_CNT:
        raise Failed(f"attached to {len(operations)} functions")
    _, wrong_after, _ = target.ask("steady 100")
    bench.stop(target)
    message = next(line for line in tool.messages().splitlines() if "attached" in line)
    said = re.search(r" in ([0-9.]+ ?[µa-z]+);", message)
    return took_s * 1e3, said[1] if said else "?", wrong_before + wrong + wrong_after, quiet_ns, pause_ns


def measure(bench, repeat_cnt):
    whats = f"attach {FUNCTION_CNT} functions, from start to `attached`", "wrong results of the target meanwhile"
    try:
        times_ms, said, wrongs, quiets_ns, pauses_ns = zip(*(attach_once(bench) for _ in range(repeat_cnt)))
    except Failed as failure:
        return [Row(whats[0], limit=LIMIT_MS, unit="ms", note=str(failure)),
                Row(whats[1], limit=0, unit="calls", note=str(failure))]
    spread = f"[{min(times_ms):.0f} .. {max(times_ms):.0f}], by its own account {', '.join(said)}"
    pauses = (f"longest pause {statistics.median(pauses_ns) / 1e6:.2f} ms (median of {repeat_cnt}), "
              f"{statistics.median(quiets_ns) / 1e6:.2f} ms untraced")
    return [Row(whats[0], statistics.median(times_ms), LIMIT_MS, "ms", spread),
            Row(whats[1], sum(wrongs), 0, "calls", pauses)]
