#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One agent for a long time, while targets come, go and are killed under load: functions by the processes of soak.py, and
connections by clients of a Redis that counts what it serves. Its memory, descriptors and threads stay as they are; no call
and no request is lost, in the answers of the agent as in the history that it leaves.

    tests/soak/agent.py [--build DIR]        SOAK_MINUTES: how long, 20 without it
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

from seen import Failed, code_of, has_kernel_object, kernel_objects
from soak import OPERATIONS, Soak, Target, die_with_parent, main

# What fills slowly after the first minutes: the judge's windows of each series, for an hour (tests/unit/test_rolling). By a
# heap profile, from minute 4 to 9: 255,085 bytes of them, 61,152 of SQLite's cache, 2,320 of a process that had just come.
AGENT_NOISE_BYTES = 1 << 20
AGENT_WARM_UP_S = 240  # windows of a second are kept for a minute, and SQLite's cache of pages (512 KiB) is full
REQUESTS_MAX = (1, 20, 400)

CONFIG = """
targets:
  - {{ name: plain, match: {{ exe: {plain} }} }}
  - {{ name: client, match: {{ exe: {client} }}, rpc: true }}
endpoints:
  - {{ name: cache, remote: "127.0.0.1:{port}", protocol: redis, labels: [method] }}
operations:
  - {{ name: cache, rpc: cache, target: client }}
""" + "".join(f"  - {{{{ name: {name}, function: {name}, target: plain }}}}\n" for name in OPERATIONS) + """
rules:
  - {{ name: many, expr: "plain_leaf.rate > 1", by: [target] }}
  - {{ name: none, expr: "plain.processes < 1", for: 5s }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class AgentSoak(Soak):
    noise_bytes = AGENT_NOISE_BYTES
    warm_up_s = AGENT_WARM_UP_S

    def __init__(self, build, directory):
        super().__init__(build, directory)
        self.client = os.path.join(directory, "client")
        shutil.copy2(shutil.which("redis-cli"), self.client)
        self.port, self.lock = free_port(), threading.Lock()
        self.state_directory = os.path.join(directory, "state")
        self.server = subprocess.Popen(["redis-server", "--port", str(self.port), "--save", "", "--dir", directory],
                                       stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def close(self):
        super().close()
        if self.server.poll() is None:
            self.server.kill()
            self.server.wait()

    # --- the agent ---

    def ask(self, *arguments):
        done = subprocess.run([self.tickscope, *arguments, "--json", "--state", self.state_directory], capture_output=True,
                              text=True, timeout=120, check=False)
        if done.returncode not in (0, 1):
            raise Failed(f"{arguments}: {done.stderr}")
        return json.loads(done.stdout)

    def start(self):
        config = os.path.join(self.directory, "desk.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(plain=self.path, client=self.client, port=self.port))
        first = Target(self, self.path, "leaf", 100)
        with open(os.path.join(self.directory, "err"), "wb") as err:
            self.process = subprocess.Popen([self.tickscope, "run", "-c", config, "--state", self.state_directory],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                            preexec_fn=die_with_parent)
        self.wait_for("ready", lambda: re.search(r"\bready: ", self.output("err")))
        self.truth["plain_leaf"] += first.count()
        self.truth["processes"] += 1
        first.end()

    def still_traced(self):
        return [p for t in self.ask("status")["targets"] for p in t["processes"]]

    # --- load ---

    def ask_redis(self, rng, truth):
        """A client that ends by itself, or one that is killed at any moment: then its last request is not certain."""
        number = rng.randint(1, rng.choice(REQUESTS_MAX))
        client = subprocess.Popen([self.client, "-p", str(self.port), "-r", str(number), "PING"], stdout=subprocess.DEVNULL)
        with self.lock:
            self.live.add(self_ended := Ended(client))
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0, 0.02))
            client.kill()
            truth["clients killed"] += 1
        client.wait()
        with self.lock:
            self.live.discard(self_ended)
        truth["processes"] += 1

    def acts(self):
        acts, weights = super().acts()
        return (*acts, self.ask_redis), (*weights, 60)

    # --- verdict ---

    def served(self):
        """PINGs, by Redis itself."""
        said = subprocess.run(["redis-cli", "-p", str(self.port), "INFO", "commandstats"], capture_output=True, text=True,
                              timeout=30, check=True).stdout
        return int(re.search(r"cmdstat_ping:calls=(\d+)", said).group(1))

    def stop(self):
        witness = Target(self, self.path, "leaf", 1000)
        in_memory, in_file = code_of(witness.process.pid, self.path)
        self.expect(in_memory != in_file, "no probe is in a new process at the end")
        objects = kernel_objects(self.process.pid)
        self.operations_at_end = self.wait_for_counts()
        self.process.terminate()
        status = self.process.wait(120)
        self.expect(status == 0, f"the agent ended with status {status}: {self.output('err')[-300:]}")
        in_memory, in_file = code_of(witness.process.pid, self.path)
        self.expect(in_memory == in_file, "the code of a process is not as it was: a probe is left")
        self.expect(witness.count() == 1000, "a process that outlives the agent does not work")
        witness.end()
        until = time.monotonic() + 10  # the kernel frees them a moment later
        while (left := [o for o in objects if has_kernel_object(*o)]) and time.monotonic() < until:
            time.sleep(0.1)
        self.expect(not left, f"left in the kernel: {left}")

    def wait_for_counts(self):
        time.sleep(2)  # its next reading
        return {o["name"]: o["quality"] for o in self.ask("status")["operations"]
                if o["kind"] == "function" or (o["kind"] == "rpc_client" and o["name"] == "cache")}

    def check_counts(self):
        operations = self.ask("query", "--since", "1h")["operations"]
        for name in OPERATIONS:
            whole, = (o for o in operations if o["name"] == name)
            q = whole["quality"]
            whole["quality"] = {"nested_hits": 2 * whole["count"] * (name == "plain_caller"), **q}
            self.check_operation(name, whole)
            known = self.operations_at_end[name]
            self.expect(known["entries"] == q["entries"], f"{name}: {known['entries']} entries in the status, {q['entries']} kept")
        served, killed = self.served(), self.truth["clients killed"]
        cache = [o for o in operations if o["kind"] == "rpc_client" and o["name"] == "cache" and o["labels"].get("method") == "PING"]
        count = sum(o["count"] for o in cache)
        losses = Counter()
        for o in cache:
            losses.update({k: o["quality"][k] for k in ("lost", "dropped", "unpaired_returns", "in_flight")})
        self.expect(served - killed <= count <= served, f"{count} requests counted, Redis served {served}, {killed} clients were killed")
        self.expect(not any(losses.values()), f"requests: {dict(losses)}")
        self.expect(served > 0 and killed > 0, "no client came, or none was killed")
        print(f"      requests: {count} counted, Redis served {served}; {killed} clients killed")


class Ended:
    """A client among what is alive."""

    def __init__(self, process):
        self.process = process


if __name__ == "__main__":
    sys.exit(main(AgentSoak))
