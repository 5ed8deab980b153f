# SPDX-License-Identifier: Apache-2.0
"""The agent and the demo trading system under it, for tests."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from notify_parts import wait_for

BUILD = os.environ.get("BUILD", "build")
TICKSCOPE = os.environ.get("TICKSCOPE", os.path.abspath(os.path.join(BUILD, "tickscope")))
ENGINE = os.path.abspath(os.path.join(BUILD, "engine/engine"))
START = os.path.abspath("tests/engine/start")


def run(*arguments, code=0):
    """A command of tickscope; its stdout. Another exit status than `code` fails."""
    done = subprocess.run([TICKSCOPE, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


class Agent:
    """`tickscope run` with a configuration and a state directory of its own."""

    def __init__(self, config, log_format="text"):
        self.directory = tempfile.mkdtemp(prefix="tickscope-agent-")
        self.config = os.path.join(self.directory, "desk.yaml")
        self.state = os.path.join(self.directory, "state")
        self.log_format = log_format
        self.lines = []
        self.process = None
        self.configure(config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def configure(self, config):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)

    def start(self, command=None):
        """As another command says, where one is given."""
        self.lines = []
        self.process = subprocess.Popen(command or [TICKSCOPE, "run", "-c", self.config, "--state", self.state],
                                        stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, args=(self.process,), daemon=True).start()
        self.wait_line(r"\bready\b")

    def read(self, process):
        for line in process.stderr:
            self.lines.append(line.rstrip("\n"))

    def wait_line(self, pattern, timeout_s=30, count=1):
        def found():
            lines = [line for line in self.lines if re.search(pattern, line)]
            assert self.process.poll() is None or len(lines) >= count, self.lines
            return lines if len(lines) >= count else None

        try:
            return wait_for(f"the agent says {pattern}", found, timeout_s)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; it said: {self.lines}") from None

    def reload(self, config):
        self.configure(config)
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=20)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self, *arguments, code=0):
        return run(*arguments, "--state", self.state, code=code)

    def ask_json(self, *arguments, code=0):
        return json.loads(self.ask(*arguments, "--json", code=code))

    def status(self):
        """Whatever it says of the health, which is its exit status."""
        done = subprocess.run([TICKSCOPE, "status", "--json", "--state", self.state], capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode in (0, 1), done
        return json.loads(done.stdout)

    def query(self, operation, *arguments):
        """The operations of `query --json`."""
        return self.ask_json("query", operation, "--since", "10m", *arguments)["operations"]

    def calls(self, operation, **labels):
        return sum(o["count"] for o in self.query(operation)
                   if o["kind"] not in ("segment", "connect") and all(o["labels"].get(k) == v for k, v in labels.items()))


class TradingSystem:
    """Exchange, node and engine; what each counted is in `truth` after `finish`."""

    def __init__(self, seconds, node_port, node_options="", engine_options=()):
        environment = dict(os.environ, NODE_OPTIONS=f"--port {node_port} {node_options}")
        self.process = subprocess.Popen([START, BUILD, str(seconds), *engine_options], stdout=subprocess.PIPE,
                                        text=True, env=environment, start_new_session=True)
        self.engine, self.node = self.pid("engine"), self.pid("node")
        self.truth = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def pid(self, program):
        line = self.process.stdout.readline()
        match = re.fullmatch(rf"{program} pid=(\d+)\n", line)
        assert match, line
        return int(match.group(1))

    def toggle_slow(self):
        os.kill(self.node, signal.SIGUSR1)

    def finish(self, timeout_s=120):
        out, _ = self.process.communicate(timeout=timeout_s)
        assert self.process.returncode == 0, out
        self.truth = {line.split(" ", 1)[0]: json.loads(line.split(" ", 1)[1]) for line in out.splitlines()
                      if "{" in line}
        return self.truth


CONFIG = """
targets:
  - {{ name: engine, match: {{ exe: {engine} }} }}
endpoints:
  - {{ name: node, remote: "127.0.0.1:{port}", protocol: jsonrpc, labels: [method] }}
operations:
  - {{ name: trade_execution, function: "desk::Executor::execute_trade", contract: {{ latency: 100ms }} }}
  - {{ name: risk, function: "desk::RiskManager::check(desk::Order const&)" }}
  - {{ name: node_rpc, rpc: node, contract: {{ latency: 20ms }} }}
judge: {{ over: 2s, min_samples: 3, keep_firing: 2s }}
rules:
  - {{ name: node_slow, expr: "node_rpc.mean > 50ms", over: 1s, severity: critical, title: "The node is slow" }}
  - {{ name: engine_gone, expr: "engine.processes < 1", severity: critical }}
"""


def config(port, *more):
    return CONFIG.format(engine=ENGINE, port=port) + "\n".join(more)


def notify(*channels):
    return "notify:\n" + "\n".join(f"  - {json.dumps(channel)}" for channel in channels)


def main(parts):
    """Runs the parts of a test that are named, or all."""
    failed = 0
    for part in sys.argv[1:] or parts:
        try:
            parts[part]()
            print(f"ok - {part}", flush=True)
        except (AssertionError, KeyError, subprocess.SubprocessError) as failure:
            failed += 1
            print(f"not ok - {part}: {failure!r}", flush=True)
    sys.exit(failed > 0)
