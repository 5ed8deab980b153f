# SPDX-License-Identifier: Apache-2.0
"""Receivers of notifications that behave and misbehave, and the room that sends them, under a small loop."""
import http.server
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

BUILD = os.environ.get("BUILD", "build")
DRIVER = os.path.abspath(os.path.join(BUILD, "e2e/notify_driver"))
SLOW_RESOLVER = os.path.abspath(os.path.join(BUILD, "e2e/slow_resolver.so"))
SECOND_NS = 1_000_000_000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, timeout_s=15.0):
    """The first true value of the condition."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {timeout_s} s")


class Received:
    """One request, as it came in."""

    def __init__(self, path, headers, body):
        self.at_ns = time.monotonic_ns()
        self.path, self.headers, self.raw = path, headers, body
        self.body = json.loads(body)


class Receiver:
    """An HTTP server; `behaviour(handler, number)` answers the request of that number, from 0. None: 200."""

    def __init__(self, behaviour=None, port=0):
        self.received, self.behaviour = [], behaviour
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(self.path, dict(self.headers), body))
                if receiver.behaviour is None:
                    answer(self, 200)
                else:
                    receiver.behaviour(self, len(receiver.received) - 1)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # connections break off here on purpose

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?token=path-secret"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def wait(self, count, timeout_s=15.0):
        wait_for(f"{count} requests, there are {len(self.received)}", lambda: len(self.received) >= count, timeout_s)
        return self.received[:count]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def answer(handler, status, headers=(), body=b"{}"):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def status_then_ok(status, headers=(), failures=1):
    return lambda handler, number: answer(handler, status if number < failures else 200, headers)


def hang(handler, _):
    time.sleep(60)
    handler.close_connection = True


def die(handler, number):
    """Breaks the connection off in the middle of its answer, once."""
    if number:
        return answer(handler, 200)
    handler.wfile.write(b"HTTP/1.1 200 O")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return None


def drip(handler, number):
    """A byte each 100 ms, forever; from the second on, an answer."""
    if number:
        return answer(handler, 200)
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.1)
    except OSError:
        pass
    return None


def flood(handler, _):
    """200, and then a body without end."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


class Room:
    """The notify room in its driver."""

    def __init__(self, *channels, rules=(), environment=None, retry_base_ms=50):
        self.process = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **(environment or {})))
        self.output, self.changes, self.lines = queue.Queue(), [], []
        threading.Thread(target=self.read, daemon=True).start()
        self.first = self.configure(*channels, rules=rules, retry_base_ms=retry_base_ms)

    def configure(self, *channels, rules=(), retry_base_ms=50):
        """At the start, and again as a reload does."""
        return self.ask(channels=[{"timeout_ns": 5 * SECOND_NS, "retry_max": 3, "repeat_ns": 14400 * SECOND_NS, **c}
                                  for c in channels],
                        rules=list(rules), retry_base_ns=retry_base_ms * 1_000_000)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            message = json.loads(line)
            if "change" in message:
                self.changes.append(message)
            else:
                self.output.put(message)

    def say(self, **message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, **message):
        self.say(**message)
        return self.output.get(timeout=20)

    def alert(self, name="a", state="firing", **members):
        """Tells an alert, and returns when (monotonic ns)."""
        answered = self.ask(alert=alert(name, state, **members))
        assert answered["told"] == 0, answered
        return answered["mono_ns"]

    def status(self):
        message = self.ask(status=True)
        return {c["name"]: c for c in message["status"]}

    def longest_run_s(self):
        return self.ask(status=True)["longest_run_ns"] / SECOND_NS

    def wait_state(self, channel, state, timeout_s=15.0):
        return wait_for(f"{channel} is {state}", lambda: self.status()[channel]["state"] == state, timeout_s)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0, self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
            self.process.wait()
        else:
            self.close()


STARTED_NS = 1_790_000_000_123_456_789


def alert(name="a", state="firing", **members):
    return {"id": f"{ord(name[0]):016x}-1790000000", "rule": f"rule_{name}", "group": "desk", "state": state,
            "severity": "warning", "operation": "trade", "target": "engine", "labels": 'venue="X\\"1",zone="b"',
            "metric": "trade.p99", "value": 3.5e8, "threshold": 2e8, "unit": "ns", "title": f"{name}: slow trades",
            "message": "p99 350ms > 200ms", "description": "line\ntwo", "suggested_actions": "look\nact",
            "runbook": "https://desk.example/run", "correlation_id": "c-1", "started_ns": STARTED_NS,
            "fired_ns": STARTED_NS, "ended_ns": STARTED_NS + 60 * SECOND_NS if state == "resolved" else 0, **members}


class Alertmanager:
    """A real one, on a free port, with its data in a directory of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tickscope-am-")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = os.path.join(self.directory, "am.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("route: {receiver: none}\nreceivers: [{name: none}]\n")
        self.command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={self.directory}",
                        f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="]
        self.start()

    @staticmethod
    def is_missing():
        return shutil.which("prometheus-alertmanager") is None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("Alertmanager answers", self.answers, 30)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=1) as response:
                return response.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def alerts(self):
        with urllib.request.urlopen(self.url + "/api/v2/alerts", timeout=5) as response:
            return json.load(response)

    def firing(self):
        """alertname -> severity of what it holds for active."""
        return {(a["labels"]["alertname"], a["labels"]["severity"]) for a in self.alerts()}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory)
