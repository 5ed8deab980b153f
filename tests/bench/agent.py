# SPDX-License-Identifier: Apache-2.0
"""What the tracing process itself takes: CPU at a low and at the highest event rate, memory, kernel maps."""

import glob
import os
import time

from children import Failed
from report import Row

PHASE_MS = 2000
SLOW_CALLS_PER_S = 1000
SERIES_CNT = 200  # functions series_* of bench-target
CPU_CNT = 16      # that DESIGN.md §5 states the map limit for
BPF_F_MMAPABLE = 0x400
MIB = 1 << 20


def cpu_ns(pid):
    """utime + stime in ns: /proc/PID/stat counts in ticks of 10 ms, which is a fifth of what is allowed."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="utf-8") as file:
            total += int(file.read().split()[0])
    return total


def rss_bytes(pid):
    """Resident memory without the mapped kernel arrays: the Rss of every mapping but those of anon_inode:bpf-map."""
    total, is_counted = 0, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                is_counted = "bpf-map" not in line
            elif words[0] == "Rss:" and is_counted:
                total += int(words[1]) * 1024
    return total


def kernel_maps(pid):
    """(bytes of all maps now, bytes of the mmap-able one, its entries), as their descriptors tell."""
    total = series = entries = 0
    seen = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with open(path, encoding="utf-8") as file:
            info = dict(line.rstrip("\n").split(":", 1) for line in file if ":" in line)
        if "map_id" not in info or info["map_id"] in seen:
            continue
        seen.add(info["map_id"])
        size = int(info["memlock"])
        total += size
        if int(info["map_flags"], 16) & BPF_F_MMAPABLE and size > series:
            series, entries = size, int(info["max_entries"])
    return total, series, entries


def phase(target, tool, calls_per_s):
    """(agent's ns of CPU per second, calls per second)"""
    before_ns, start = cpu_ns(tool.pid), time.monotonic()
    calls, = target.ask(f"pace {calls_per_s} {PHASE_MS}")
    took_s = time.monotonic() - start
    return (cpu_ns(tool.pid) - before_ns) / took_s, calls / took_s


def map_rows(pid):
    total, series, entries = kernel_maps(pid)
    if entries < SERIES_CNT:
        raise Failed(f"no mapped array of {SERIES_CNT} series among the maps of process {pid}")
    stripe_cnt = entries // SERIES_CNT  # one more series is for calibration
    scaled = total - series + series // stripe_cnt * CPU_CNT
    note = f"computed: {total / MIB:.1f} MiB here, of which {series / MIB:.1f} are {stripe_cnt} stripes of the series"
    return Row("kernel maps of 200 series on 16 CPUs", scaled / MIB, 64, "MiB", note)


def mean(values):
    return sum(values) / len(values)


def settled_trace(bench, target, *options):
    """A trace of 200 functions, read each second, after its start-up."""
    tool = bench.trace(target, "-f", "series_*", *options)
    tool.wait_attached()
    target.ask("pace 0 200")  # touches every series
    return tool


RULES = "\n".join(f'  - {{ name: rule_{i}, expr: "series.{metric} > {limit}", over: {over} }}'
                  for i, (metric, limit, over) in enumerate((("p99", "1s", "10s"), ("mean", "1s", "1m"),
                                                             ("rate", "1e9", "5m"), ("max", "1s", "10s"))))


def run_agent(bench, phase_cnt, more=""):
    """`tickscope run` over 200 series, with four rules and a contract: (agent's ns of CPU per second, bytes)."""
    target = bench.target()
    directory = bench.new_path("state")
    os.mkdir(directory)
    path = os.path.join(directory, "bench.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"targets:\n  - {{ name: bench, match: {{ exe: {target.path} }} }}\n"
                   f'operations:\n  - {{ name: series, function: "series_*", contract: {{ p99: 1s }} }}\n'
                   f"rules:\n{RULES}\n{more}")
    tool = bench.tool(bench.tickscope, "run", "-c", path, "--state", directory)
    tool.wait_until(lambda: "ready" in tool.messages())
    target.ask("pace 0 200")
    cpu = [phase(target, tool, SLOW_CALLS_PER_S)[0] for _ in range(2 * phase_cnt)]
    memory = rss_bytes(tool.pid)
    bench.stop(tool, target)
    return mean(cpu), memory


def run_rows(bench, phase_cnt):
    """`tickscope run`: 200 series each second through judge and history."""
    limits = (("agent CPU: `run`, 200 series judged and kept", 0.5, "% of a core"),
              ("agent memory: `run`, likewise", 40, "MiB"))
    try:
        cpu_ns_per_s, memory = run_agent(bench, phase_cnt)
    except (Failed, OSError) as failure:
        return [Row(what, limit=limit, unit=unit, note=str(failure)) for what, limit, unit in limits]
    seconds = 2 * phase_cnt * PHASE_MS // 1000
    measured = ((cpu_ns_per_s / 1e7, f"{cpu_ns_per_s / 1e6:.2f} ms of CPU a second, four rules and a contract over all of them; {seconds} s"),
                (memory / MIB, "Rss of /proc/PID/smaps but for anon_inode:bpf-map"))
    return [Row(what, value, limit, unit, note) for (what, limit, unit), (value, note) in zip(limits, measured)]


def redis_row(bench, phase_cnt):
    """The same with Redis written each second, five times as often as it is by default: no limit of its own."""
    what, unit = "agent CPU: `run`, likewise, and Redis written each second", "% of a core"
    try:
        socket = bench.new_path("redis.sock")
        server = bench.tool("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
        server.wait_until(lambda: os.path.exists(socket))
        more = f'sinks: {{ redis: {{ url: "unix://{socket}", interval: 1s, dashboard: {{ trade_latency_p99: series.p99 }} }} }}\n'
        cpu_ns_per_s, memory = run_agent(bench, phase_cnt, more)
        bench.stop(server)
    except (Failed, OSError) as failure:
        return Row(what, unit=unit, note=str(failure))
    return Row(what, cpu_ns_per_s / 1e7, None, unit, f"200 operations in a key; {memory / MIB:.1f} MiB")


def measure(bench, phase_cnt):
    limits = (("agent CPU: at full rate / at 1000 calls/s, 200 series", 1.2, "×"),
              ("agent CPU: 200 series each second", 0.5, "% of a core"),
              ("agent memory, mapped kernel arrays left out", 40, "MiB"),
              ("kernel maps of 200 series on 16 CPUs", 64, "MiB"))
    try:
        target = bench.target()
        tool = settled_trace(bench, target)
        slow, fast = [], []
        for _ in range(phase_cnt):
            slow.append(phase(target, tool, SLOW_CALLS_PER_S))
            fast.append(phase(target, tool, 0))
        memory, maps = rss_bytes(tool.pid), map_rows(tool.pid)
        bench.stop(tool)
        printing_ns, _ = phase(target, settled_trace(bench, target, "-i", "1s"), SLOW_CALLS_PER_S)
        bench.stop(target)
    except (Failed, OSError) as failure:
        return [Row(what, limit=limit, unit=unit, note=str(failure)) for what, limit, unit in limits]
    slow_ns, fast_ns = (mean([cpu for cpu, _ in phases]) for phases in (slow, fast))
    seconds = 2 * phase_cnt * PHASE_MS // 1000
    measured = (
        (fast_ns / slow_ns, f"{mean([rate for _, rate in fast]):.0f} calls/s, alternating every {PHASE_MS} ms"),
        (slow_ns / 1e7, f"{slow_ns / 1e6:.2f} ms of CPU a second at 1000 calls/s, {fast_ns / 1e6:.2f} at full rate; "
                        f"{seconds} s"),
        (memory / MIB, "Rss of /proc/PID/smaps but for anon_inode:bpf-map"),
    )
    rows = [Row(what, value, limit, unit, note) for (what, limit, unit), (value, note) in zip(limits, measured)]
    printing = Row("agent CPU: 200 series printed as JSON each second", printing_ns / 1e7, None, "% of a core",
                   "the same with -i 1s: what jansson takes to print them")
    return [*rows, maps, printing, *run_rows(bench, phase_cnt), redis_row(bench, phase_cnt)]
