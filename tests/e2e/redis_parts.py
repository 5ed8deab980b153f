# SPDX-License-Identifier: Apache-2.0
"""A real Redis on a free port, asked with redis-cli alone; servers that are none; and an agent that writes to them."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from agent_parts import BUILD
from notify_parts import free_port, wait_for

PLAIN = os.path.abspath(os.path.join(BUILD, "bpf-targets/plain"))
PLAIN_CALLS = 2000
PASSWORD = "correct horse battery"


class Redis:
    """redis-server with a directory of its own; `ask` is redis-cli."""

    def __init__(self, *options, password=""):
        self.directory = tempfile.mkdtemp(prefix="tickscope-redis-")
        self.socket = os.path.join(self.directory, "redis.sock")
        self.port, self.options = free_port(), options
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process = None
        self.environment = dict(os.environ, REDISCLI_AUTH=password) if password else None
        if password:
            self.options += ("--requirepass", password)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.socket, "--dir",
             self.directory, "--save", "", "--appendonly", "no", *self.options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("Redis answers", lambda: self.ask("PING") == "PONG", 20)

    def cli(self, *arguments, json_answers=True):
        return ["redis-cli", "-s", self.socket, *(["--json"] if json_answers else []), *arguments]

    def ask(self, *arguments):
        """The answer to one command, as JSON has it; None also where there is no server."""
        done = subprocess.run(self.cli(*arguments), capture_output=True, text=True, timeout=20, check=False,
                              env=self.environment)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None

    def text(self, *arguments):
        """The answer as it is shown to people."""
        return subprocess.run(self.cli(*arguments, json_answers=False), capture_output=True, text=True, timeout=20,
                              check=True).stdout

    def document(self, key):
        """The JSON that a key holds; None: there is no such key."""
        text = self.ask("GET", key)
        return json.loads(text) if text is not None else None

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class Subscriber:
    """redis-cli that listens on a channel; `seen(payload)` runs for each message as it comes."""

    def __init__(self, redis, channel, seen=lambda payload: None):
        self.payloads = []
        self.process = subprocess.Popen(redis.cli("SUBSCRIBE", channel, json_answers=False), stdout=subprocess.PIPE,
                                        text=True)
        assert [self.process.stdout.readline().strip() for _ in range(3)] == ["subscribe", channel, "1"]
        threading.Thread(target=self.read, args=(seen,), daemon=True).start()

    def read(self, seen):
        while self.process.stdout.readline().strip() == "message":
            self.process.stdout.readline()
            payload = self.process.stdout.readline().strip()
            seen(payload)
            self.payloads.append(payload)

    def wait(self, count, timeout_s=30):
        wait_for(f"{count} messages", lambda: len(self.payloads) >= count, timeout_s)
        return list(self.payloads)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Impostor:
    """Takes connections and does with them what `behaviour(connection, what came first)` does."""

    def __init__(self, behaviour):
        self.behaviour, self.received, self.accepted = behaviour, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                first = connection.recv(65536)
                self.received.append(first)
                self.behaviour(connection, first)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class BlackHole:
    """An address that answers nothing, not even to a connection: its queue is full, and stays so."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        self.waiting = []
        for _ in range(4):
            self.waiting.append(socket.socket())
            self.waiting[-1].setblocking(False)
            self.waiting[-1].connect_ex(self.listener.getsockname())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in (self.listener, *self.waiting):
            s.close()


def says(*answers):
    """A server that says this, and then listens for as long as the other side likes."""
    def behaviour(connection, _):
        for answer in answers:
            connection.sendall(answer)
        while connection.recv(65536):
            pass
    return behaviour


def turns(*answers):
    """A server that says the next of these each time it is spoken to, and goes after the last."""
    def behaviour(connection, _):
        for number, answer in enumerate(answers):
            if number:
                connection.recv(65536)
            connection.sendall(answer)
    return behaviour


def drips(connection, _):
    """A byte of an answer now and then."""
    while True:
        connection.sendall(b"+")
        time.sleep(0.05)


def floods(connection, _):
    """The beginning of a text of 2 GiB, and as much of it as is taken."""
    connection.sendall(b"$2147483648\r\n")
    while True:
        connection.sendall(bytes(65536))


def never_ends(connection, _):
    """A line without end."""
    connection.sendall(b"-ERR ")
    while True:
        connection.sendall(b"x" * 65536)


def echoes(connection, first):
    """An old server, which repeats what it does not understand."""
    connection.sendall(b"-ERR unknown command, with args beginning with: " + first.replace(b"\r\n", b" ") + b"\r\n")
    while connection.recv(65536):
        pass


def plain_config(sink, target="engine", more=""):
    return f"""
targets:
  - {{ name: {json.dumps(target)}, match: {{ exe: {PLAIN} }} }}
operations:
  - {{ name: leaf, function: plain_leaf, error: "ret < 0" }}
  - {{ name: absent, function: plain_bool }}
judge: {{ over: 10m, min_samples: 3, keep_firing: 1s }}
rules:
  - {{ name: runs, expr: "leaf.count > 100", severity: info, title: "It \\"runs\\"" }}
sinks:
  redis: {json.dumps(sink)}
{more}"""


@contextlib.contextmanager
def called(agent, count=1, threads=2):
    """A process that has made its calls, and lives on; the agent's `count`th."""
    process = subprocess.Popen([PLAIN, "leaf", str(PLAIN_CALLS // threads), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        agent.wait_line(r"is traced", count=count)
        process.stdin.write("go\n")
        process.stdin.flush()
        truth = json.loads(process.stdout.readline())
        yield truth
    finally:
        process.communicate("end\n", timeout=30)


def secret_file(agent_directory, text):
    path = os.path.join(agent_directory, "redis.password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path


def sink_of(agent):
    return next(s for s in agent.status()["sinks"] if s["name"] == "redis")


def wait_sink(agent, what, condition, timeout_s=30):
    """The sink's status once it is so."""
    def found():
        found.last = sink_of(agent)
        return condition(found.last) and found.last

    try:
        return wait_for(what, found, timeout_s)
    except AssertionError as failure:
        raise AssertionError(f"{failure}; it is {found.last}") from None


def wait_ok(agent, timeout_s=40):
    return wait_sink(agent, "the sink is ok", lambda s: s["state"] == "ok", timeout_s)


def wait_failing(agent, text, timeout_s=30):
    return wait_sink(agent, f"the sink fails with {text!r}",
                     lambda s: s["state"] == "failing" and text in (s["last_error"] or ""), timeout_s)
