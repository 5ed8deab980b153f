#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One `tickscope trace --exe` for a long time, while processes of that executable come, go and are killed under load.

    tests/soak/soak.py [--build DIR]        SOAK_MINUTES: how long, 20 without it

Work goes in rounds of 10 s. In a round some workers start one process after another; after it all of them have ended,
and tickscope is looked at: with nothing to trace it has to be what it was after the round before.

What is true of the calls, by how a process ends:
  by itself           exact: the count that it prints
  killed, at rest     exact: before its first call, or after it has printed its count
  killed, in calls    within one call a thread: it logs the beginning and the end of each call in a file that outlives
                      it. It calls plain_switch, which no other process does, so that the other functions stay exact.
"""
import argparse
import concurrent.futures
import ctypes
import glob
import json
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

from seen import Failed, code_of, has_kernel_object, kernel_objects, rss_bytes

ROUND_S = 30
SETTLE_S = 6          # free memory is given back every 5 s: until then, files of processes that came can lie in it
INTERVAL_S = 10
WARM_UP_S = 30        # caches of the C library and of libbpf fill, and each kind of process has been seen
TIMEOUT_S = 120       # for one answer of a process, whose work takes seconds
SEED = 1
WORKERS = 2 * (os.cpu_count() or 1) + 2  # more than CPUs: tickscope itself has to wait for one
CALLS_MAX = (1, 100, 10_000, 40_000)     # of a thread: short-lived processes, and such as run for a second
THREADS_MAX = 4
KILL_AFTER_S = 0.3
CALLS_KILLED = 10**7  # longer than that with a probe, seconds without: if all this is killed, nothing goes on for ever
LOG_ENTRY = struct.Struct("8q")  # struct progress of tests/bpf/targets/plain.c

# What tickscope keeps of a process that has ended: its number in the list `pids` of each operation, 4 bytes, and while
# that list is printed a JSON integer (32 bytes) and its place in an array (8, up to 24 while the array grows). All else
# that it holds of a process (its files, their symbols, plans) is thousands of bytes: one of them forgotten shows.
OPERATIONS = ("plain_leaf", "plain_caller", "plain_switch")
KEPT_BYTES = len(OPERATIONS) * (4 + 32 + 24)
# A heap whose blocks come in another order each round: 24 KiB were seen.
NOISE_BYTES = 256 << 10


class Target:
    """A process of tests/bpf/targets/plain.c."""

    def __init__(self, soak, path, *arguments):
        self.soak = soak
        self.process = subprocess.Popen([path, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        soak.live.add(self)
        if self.line() != b"ready\n":
            raise Failed(f"{path} is not ready")

    def line(self):
        if not select.select([self.process.stdout], [], [], TIMEOUT_S)[0]:
            raise Failed(f"a target says nothing for {TIMEOUT_S} s")
        return self.process.stdout.readline()

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def count(self):
        """Lets it work; what it says it has called."""
        self.go()
        line = self.line()
        if not line:
            raise Failed(f"a target died in its calls, status {self.process.wait()}")
        return json.loads(line)["count"]

    def end(self, kill=False):
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        status = self.process.wait(TIMEOUT_S)
        self.soak.live.discard(self)
        if status != (-signal.SIGKILL if kill else 0):
            raise Failed(f"a target ended with status {status}")


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Soak:
    noise_bytes = NOISE_BYTES
    warm_up_s = WARM_UP_S

    def __init__(self, build, directory):
        self.tickscope = os.path.join(build, "tickscope")
        self.original = os.path.join(build, "bpf-targets", "plain")
        self.directory = directory
        self.path = os.path.join(directory, "plain")
        shutil.copy2(self.original, self.path)
        self.live = set()
        self.truth = Counter()
        self.samples = []  # (processes so far, RSS in bytes, descriptors, threads)
        self.problems = []
        self.process = None

    def close(self):
        for target in list(self.live):
            target.process.kill()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- tickscope ---

    def output(self, name):
        with open(os.path.join(self.directory, name), encoding="utf-8") as file:
            return file.read()

    def lines(self):
        return self.output("out").splitlines()

    def wait_for(self, what, is_so, timeout_s=TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        while not is_so():
            if self.process.poll() is not None:
                raise Failed(f"tickscope ended, status {self.process.returncode}: {self.output('err')[-300:].strip()}")
            if time.monotonic() > deadline:
                raise Failed(f"waited {timeout_s} s for this: {what}")
            time.sleep(0.01)

    def start(self):
        """--exe takes its probes from the first process: it is there before."""
        first = Target(self, self.path, "leaf", 100)
        command = [self.tickscope, "trace", "--exe", self.path, "-i", f"{INTERVAL_S}s", "--json"]
        for name in OPERATIONS:
            command += ["-f", name]
        with open(os.path.join(self.directory, "out"), "wb") as out, \
                open(os.path.join(self.directory, "err"), "wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            preexec_fn=die_with_parent)
        self.wait_for("attached", lambda: "attached to" in self.output("err"))
        self.truth["plain_leaf"] += first.count()
        self.truth["processes"] += 1
        first.end()

    def still_traced(self):
        """Processes that it has begun to trace and whose end it has not seen."""
        pids = set()
        for pid, what in re.findall(r"process (\d+) \(plain\) (is traced|has ended)$", self.output("err"), re.M):
            (pids.add if what == "is traced" else pids.discard)(pid)
        return pids

    def sample(self):
        self.wait_for("the end of all processes is seen", lambda: not self.still_traced())
        pid, fds = self.process.pid, []
        for _ in range(10):  # it looks at every process that is started on the machine: the least of some moments
            fds.append(len(os.listdir(f"/proc/{pid}/fd")))
            time.sleep(0.01)
        rss, until = rss_bytes(pid), time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            time.sleep(0.2)
            rss = min(rss, rss_bytes(pid))
        self.samples.append((self.truth["processes"], rss, min(fds), len(os.listdir(f"/proc/{pid}/task"))))

    # --- load -----------------------------------------------------------------------------------------------

    def end_by_itself(self, rng, truth):
        mode, threads = rng.choice(("leaf", "leaf", "caller")), rng.randint(1, THREADS_MAX)
        target = Target(self, self.path, mode, rng.randint(1, rng.choice(CALLS_MAX)), threads)
        count = target.count()
        truth["plain_" + mode] += count
        truth["plain_leaf"] += 2 * count * (mode == "caller")
        truth["processes"] += 1
        target.end()

    def kill_at_rest(self, rng, truth):
        target = Target(self, self.path, "leaf", rng.randint(1, rng.choice(CALLS_MAX)))
        if rng.random() < 0.5:
            truth["plain_leaf"] += target.count()
        target.end(kill=True)
        truth["killed"] += 1
        truth["processes"] += 1

    def kill_in_calls(self, rng, truth):
        threads, log = rng.randint(1, THREADS_MAX), os.path.join(self.directory, f"log.{threading.get_ident()}")
        target = Target(self, self.path, "switch", CALLS_KILLED, threads, log)
        target.go()
        time.sleep(rng.uniform(0, KILL_AFTER_S))
        target.end(kill=True)
        with open(log, "rb") as file:
            data = file.read()
        os.unlink(log)
        for began, ended, *_ in list(LOG_ENTRY.iter_unpack(data))[:threads]:
            truth["switch_began"] += began
            truth["switch_ended"] += ended
        truth["killed"] += 1
        truth["processes"] += 1
        truth["threads_killed"] += threads

    def be_another(self, rng, truth):
        """The same program from another file: none of its calls may be counted."""
        target = Target(self, self.original, "leaf", rng.randint(1, rng.choice(CALLS_MAX)), THREADS_MAX)
        truth["not traced"] += target.count()
        target.end()

    def work(self, seed, until):
        rng, truth = random.Random(seed), Counter()
        while time.monotonic() < until:
            act, = rng.choices(*self.acts())
            act(rng, truth)
        return truth

    def acts(self):
        """What can happen, and how often."""
        return (self.end_by_itself, self.kill_at_rest, self.kill_in_calls, self.be_another), (70, 10, 15, 5)

    def run(self, minutes):
        began = time.monotonic()
        round_cnt = max(self.warm_up_s // ROUND_S + 3, round(minutes * 60 / ROUND_S))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for number in range(1, round_cnt + 1):
                until = began + number * ROUND_S
                seeds = [SEED + number * WORKERS + i for i in range(WORKERS)]
                try:
                    for done in [pool.submit(self.work, seed, until) for seed in seeds]:
                        self.truth.update(done.result())
                except BaseException:
                    self.close()
                    raise
                self.sample()
                if number * ROUND_S % 60 == 0:
                    print(f"{number * ROUND_S // 60:4} min: {self.state()}", flush=True)

    def state(self):
        _, rss, fds, threads = self.samples[-1]
        return (f"{self.truth['processes']} processes, {self.truth['killed']} of them killed; {self.calls()} calls; "
                f"{rss / 1024:.0f} KiB, {fds} descriptors, {threads} thread{'s' * (threads != 1)}")

    def calls(self):
        return self.truth["plain_leaf"] + self.truth["plain_caller"] + self.truth["switch_ended"]

    # --- verdict --------------------------------------------------------------------------------------------

    def expect(self, holds, what):
        if not holds:
            self.problems.append(what)

    def stop(self):
        """Ends the trace beside an idle process, and looks for what is left in it, in the kernel, and running."""
        interval_cnt = len(self.lines())
        self.wait_for("one more interval", lambda: len(self.lines()) > interval_cnt, INTERVAL_S + 10)
        witness = Target(self, self.path, "leaf", 1000)
        in_memory, in_file = code_of(witness.process.pid, self.path)
        self.expect(in_memory != in_file, "no probe is in a new process at the end")
        objects = kernel_objects(self.process.pid)
        kinds = {kind for kind, _ in objects}
        self.expect(kinds == {"prog_id", "map_id", "link_id"}, f"tickscope holds no programs, maps, links, but {kinds}")
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(TIMEOUT_S)
        self.expect(status == 0, f"tickscope ended with status {status}: {self.output('err')[-300:]}")
        in_memory, in_file = code_of(witness.process.pid, self.path)
        self.expect(in_memory == in_file, "the code of a process is not as it was: a probe is left")
        self.expect(witness.count() == 1000, "a process that outlives the trace does not work")
        witness.end()
        until = time.monotonic() + 10  # the kernel frees them a moment later
        while (left := [o for o in objects if has_kernel_object(*o)]) and time.monotonic() < until:
            time.sleep(0.1)
        self.expect(not left, f"left in the kernel: {left}")
        running = [link for link in glob.glob("/proc/[0-9]*/exe") if self.is_ours(link)]
        self.expect(not running and not self.live, f"left running: {running}")

    def is_ours(self, link):
        try:
            return os.readlink(link) == self.path
        except OSError:
            return False

    def check_operation(self, name, operation):
        count, q = operation["count"], operation["quality"]
        low = high = self.truth[name]
        unwound_max = 0
        if name == "plain_switch":
            low, high = self.truth["switch_ended"], self.truth["switch_began"]
            unwound_max = self.truth["threads_killed"]
        said = f"{low}" if low == high else f"{low} to {high}"
        self.expect(low <= count <= high, f"{name}: {count} calls counted, the processes made {said}")
        self.expect(low <= q["entries"] <= high, f"{name}: {q['entries']} entries, the processes made {said}")
        self.expect(q["entries"] == q["returns"] + q["unwound"] + q["in_flight"] + q["lost"], f"{name}: entries {q}")
        self.expect(count + q["dropped"] == q["returns"], f"{name}: count + dropped != returns")
        self.expect(0 <= q["unwound"] <= unwound_max, f"{name}: {q['unwound']} unwound, {unwound_max} threads killed")
        for member in ("lost", "in_flight", "unpaired_returns", "dropped"):
            self.expect(q[member] == 0, f"{name}: {q[member]} {member}")
        nested = 2 * count if name == "plain_caller" else 0
        self.expect(q["nested_hits"] == nested, f"{name}: {q['nested_hits']} nested hits, there were {nested}")
        print(f"      {name}: {count} counted, true: {said}; {q['unwound']} unwound, {q['lost']} lost")

    def check_counts(self):
        *intervals, summary = map(json.loads, self.lines())
        self.expect(not summary["interval"] and all(i["interval"] for i in intervals), "not one summary at the end")
        operations = {o["name"]: o for o in summary["operations"]}
        self.expect(sorted(operations) == sorted(OPERATIONS), f"operations {sorted(operations)}")
        for name, operation in operations.items():
            self.check_operation(name, operation)
            parts = [o for i in intervals for o in i["operations"] if o["name"] == name]
            count, unwound = (sum(values) for values in zip(*[(o["count"], o["quality"]["unwound"]) for o in parts]))
            self.expect((count, unwound) == (operation["count"], operation["quality"]["unwound"]),
                        f"{name}: {count} calls, {unwound} unwound in the intervals, unlike the summary")
            self.expect(all(o["quality"]["unwound"] >= 0 for o in parts), f"{name}: less than nothing unwound")

    def check_samples(self):
        warm, *rest = self.samples[self.warm_up_s // ROUND_S - 1:]
        _, base_rss, fds, threads = warm
        worst = max(rest, key=lambda s: s[1] - KEPT_BYTES * (s[0] - warm[0]))
        allowed = self.noise_bytes + KEPT_BYTES * (worst[0] - warm[0])
        grown = worst[1] - base_rss
        self.expect(grown <= allowed,
                    f"RSS grew by {grown} bytes over {worst[0] - warm[0]} processes; {allowed} are allowed")
        self.expect({s[2] for s in rest} == {fds}, f"descriptors: {fds}, then {sorted({s[2] for s in rest})}")
        self.expect({s[3] for s in rest} == {threads}, f"threads: {threads}, then {sorted({s[3] for s in rest})}")
        print(f"      RSS {base_rss >> 10} KiB after the warm-up, at most {grown / 1024:+.0f} (allowed "
              f"{allowed / 1024:+.0f}); {fds} descriptors, {threads} thread{'s' * (threads != 1)} all along")


def main(kind=Soak):
    parser = argparse.ArgumentParser(description="A long measurement under processes that come, go and are killed.")
    parser.add_argument("--build", default="build", help="where tickscope and the targets are (default: build)")
    options = parser.parse_args()
    minutes = float(os.environ.get("SOAK_MINUTES") or 20)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # As /proc/PID/maps will name it.
    directory = os.path.realpath(tempfile.mkdtemp(prefix="tickscope-soak-"))
    soak = kind(os.path.abspath(options.build), directory)
    try:
        soak.start()
        soak.run(minutes)
        soak.stop()
        soak.check_counts()
        soak.check_samples()
    except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as failure:
        soak.problems.append(f"stopped: {failure}")
    finally:
        soak.close()
        if not soak.problems:
            shutil.rmtree(directory)
    for problem in soak.problems:
        print(f"      {problem}")
    if soak.problems:
        print(f"      what tickscope printed is in {directory}")
    print(f"{'FAIL' if soak.problems else 'PASS'} soak of {minutes:g} min: "
          f"{soak.state() if soak.samples else 'not one round'}")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
