# SPDX-License-Identifier: Apache-2.0
"""Processes of the bench: started, waited for, and ended whatever happens."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

READY_TIMEOUT_S = 30  # bpftrace compiles for seconds on a busy machine
STOP_TIMEOUT_S = 15
POLL_S = 0.001
PR_SET_PDEATHSIG = 1
SYSTEM_PATH = "/usr/sbin:/sbin"  # where Debian puts funclatency, and not every root's PATH leads


class Failed(Exception):
    """Something cannot be measured; the text says why."""


def die_with_parent():
    """In the child: nothing outlives the bench, even when that is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Tool:
    """A tracer, with its output in files: nobody has to read along."""

    def __init__(self, argv, prefix):
        self.argv = argv
        self.name = os.path.basename(argv[0])
        self.out_path, self.err_path = prefix + ".out", prefix + ".err"
        self.started = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=out, stderr=err, preexec_fn=die_with_parent
            )
        self.pid = self.process.pid

    def output(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def messages(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_until(self, is_ready):
        """Waits for is_ready(); returns the seconds since the start of the program."""
        while not is_ready():
            waited_s = time.monotonic() - self.started
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended: {self.messages().strip() or self.output().strip()}")
            if waited_s > READY_TIMEOUT_S:
                raise Failed(f"{self.name} not ready after {READY_TIMEOUT_S} s")
            time.sleep(POLL_S)
        return time.monotonic() - self.started

    def wait_attached(self):
        return self.wait_until(lambda: "attached" in self.messages())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()

    def summary(self):
        """The last JSON object of `tickscope trace --json`, after stop()."""
        text, decoder, last = self.output().strip(), json.JSONDecoder(), None
        while text:
            try:
                last, end = decoder.raw_decode(text)
            except ValueError as error:
                raise Failed(f"tickscope printed no JSON: {error}; {self.messages().strip()}") from error
            text = text[end:].lstrip()
        if last is None:
            raise Failed(f"tickscope printed no summary: {self.messages().strip()}")
        return last


class Target:
    """bench-target, run from a file of its own: tracers of one copy cost the others nothing."""

    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            preexec_fn=die_with_parent,
        )
        self.pid = self.process.pid

    def tell(self, command):
        self.process.stdin.write(command + "\n")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"bench-target died, status {self.process.wait()}")
        return [int(word) for word in line.split()]

    def ask(self, command):
        self.tell(command)
        return self.answer()

    def stop(self):
        try:
            self.process.stdin.close()
            self.process.wait(STOP_TIMEOUT_S)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Bench:
    """Paths, and everything that has to be stopped and removed at the end."""

    def __init__(self, build):
        self.build = build
        self.tickscope = os.path.join(build, "tickscope")
        self.empty_load = os.path.join(build, "bench", "empty-load")
        self.target_file = os.path.join(build, "bench", "bench-target")
        self.children = []
        self.started_cnt = 0
        # As /proc/PID/maps will name it.
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix="run.", dir=os.path.join(build, "bench")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.stop()
        shutil.rmtree(self.directory)

    def new_path(self, name):
        self.started_cnt += 1
        return os.path.join(self.directory, f"{self.started_cnt}.{name}")

    def target(self):
        path = self.new_path("bench-target")
        shutil.copy2(self.target_file, path)
        child = Target(path)
        self.children.append(child)
        return child

    def program(self, name):
        """One of the bench's own that answers lines."""
        child = Target(os.path.join(self.build, "bench", name))
        self.children.append(child)
        return child

    def tool(self, *argv):
        path = shutil.which(argv[0]) or shutil.which(argv[0], path=SYSTEM_PATH)
        if not path:
            raise Failed(f"{argv[0]} is not there")
        child = Tool([path, *argv[1:]], self.new_path("tool"))
        self.children.append(child)
        return child

    def trace(self, target, *options):
        return self.tool(self.tickscope, "trace", "-p", str(target.pid), "--json", *options)

    def stop(self, *children):
        for child in children:
            child.stop()
            self.children.remove(child)
