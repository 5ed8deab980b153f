# SPDX-License-Identifier: Apache-2.0
"""What the tests of --rpc share: traces, servers with configurations of their own, and what both of them counted."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

BUILD = os.environ.get("BUILD", "build")
TICKSCOPE = os.environ.get("TICKSCOPE", os.path.join(BUILD, "tickscope"))
results = []


def check(holds, what):
    results.append(bool(holds))
    print(f"{'ok' if holds else 'not ok'} - {what}", flush=True)


def check_equal(counted, truth, what):
    """The difference is shown where there is one."""
    check(counted == truth, f"{what}: {counted}" + ("" if counted == truth else f", but in truth {truth}"))


def missing(*programs):
    """Says which of these are not installed, as a skipped test."""
    absent = [p for p in programs if not shutil.which(p)]
    if absent:
        print(f"ok - {programs[0]} # SKIP not installed: {', '.join(absent)}", flush=True)
    return absent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def await_port(port, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=seconds).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def end(process):
    if process and process.poll() is None:
        process.kill()
        process.wait()


def matches(operation, kind=None, name=None, **labels):
    return (kind in (None, operation["kind"]) and (name is None or operation["name"].startswith(name))
            and all(operation["labels"].get(k) == v for k, v in labels.items()))


class Summary:
    def __init__(self, line, said):
        self.operations, self.said = json.loads(line)["operations"], said

    def all(self, **which):
        return [o for o in self.operations if matches(o, **which)]

    def count(self, **which):
        return sum(o["count"] for o in self.all(**which))

    def errors(self, **which):
        return sum(o["errors"] for o in self.all(**which))

    def endpoint(self, **which):
        """The one operation of a connection's direction that this names."""
        found = [o for o in self.all(**which) if o["name"].startswith("tcp ")  and o["kind"].startswith("rpc_")]
        assert len(found) == 1, (which, [o["name"] for o in self.operations])
        return found[0]

    def parser(self, **which):
        return self.endpoint(**which)["quality"]["parser"]

    def segments(self, operation):
        return [o for o in self.operations if o["kind"] == "segment" and o["name"] == operation["name"]
                and {k: v for k, v in o["labels"].items() if k not in ("from", "to")} == operation["labels"]]

    def by(self, label, **which):
        """label -> count, over everything else."""
        counts = {}
        for o in self.all(**which):
            if o["kind"] != "segment" and label in o["labels"] and o["count"]:
                counts[o["labels"][label]] = counts.get(o["labels"][label], 0) + o["count"]
        return counts

    def check_sums(self, what):
        """Every request is in each of its segments, which add up to the whole; the counts' identities hold."""
        operations = [o for o in self.operations if o["kind"] in ("rpc_client", "rpc_server", "order")]
        bad = []
        for o in self.operations:
            q = o["quality"]
            if (q["entries"] != q["returns"] + q["unwound"] + q["in_flight"] + q["lost"]
                    or o["count"] + q["dropped"] != q["returns"]):
                bad.append((o["name"], o["kind"], o["labels"], o["count"], q))
        for o in operations:
            segments = self.segments(o)
            if (len(segments) != (2 if " :" in o["name"] else 3)
                    or any(s["count"] != o["count"] for s in segments)
                    or sum(s["sum_ns"] for s in segments) != o["sum_ns"]):
                bad.append((o["name"], o["labels"], o["count"], o["sum_ns"],
                            [(s["labels"]["from"], s["count"], s["sum_ns"]) for s in segments]))
        check(operations and not bad, f"{what}: segments add up, identities hold {bad if bad else ''}")


class Trace:
    """A running trace; ends when told, and then has its summary."""

    def __init__(self, *arguments, pids=()):
        command = [TICKSCOPE, "trace", "--rpc", "--json"] + [a for p in pids for a in ("-p", str(p))] + list(arguments)
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.PIPE, text=True)
        self.said = ""
        while "attached" not in self.said:
            line = self.process.stderr.readline()
            if not line:
                raise RuntimeError(f"the trace did not start: {self.said}")
            self.said += line

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.finish()

    def finish(self):
        """Of a trace that ends by itself, with the last of its processes."""
        self.said += self.process.communicate(timeout=30)[1]
        self.output.seek(0)
        lines = self.output.read().splitlines()
        if self.process.returncode != 0 or not lines:
            raise RuntimeError(f"the trace ended with {self.process.returncode}: {self.said}")
        self.intervals = [Summary(line, "") for line in lines[:-1]]
        return Summary(lines[-1], self.said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        self.process.stderr.close()
        self.output.close()


class Server:
    """A program in a directory of its own, which goes with it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tickscope-rpc-")
        self.port, self.process = free_port(), None

    def start(self, *command, **options):
        with open(os.path.join(self.directory, "output"), "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        await_port(self.port)

    def output(self):
        with open(os.path.join(self.directory, "output")) as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.directory, ignore_errors=True)


class Redis(Server):
    def __init__(self):
        super().__init__()
        self.start("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", self.directory, "--io-threads", "1", "--tcp-backlog", "4096", "--maxclients", "9000")
        self.pid = self.process.pid

    def calls(self, client):
        """command -> (calls, failed) as the server counted them."""
        text = client.call("INFO", "commandstats").decode()
        return {m[1]: (int(m[2]), int(m[3])) for m in
                re.finditer(r"cmdstat_([^:]+):calls=(\d+),.*?failed_calls=(\d+)", text)}


class RedisClient:
    """Just enough RESP to send commands, one by one or many at once."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    @staticmethod
    def encode(*words):
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w)
                                                 for w in (str(w).encode() for w in words))

    def reply(self):
        line = self.file.readline()
        if line[:1] == b"$":
            length = int(line[1:])
            return self.file.read(length + 2)[:-2] if length >= 0 else None
        return line.strip()

    def call(self, *words):
        self.socket.sendall(self.encode(*words))
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class Nginx(Server):
    """One worker, a log line for every request, and a few routes."""

    ROUTES = {"/orders/4711": "/orders/{id}", "/closing/3fa9b1c2d4e5": "/closing/{id}"}

    CONFIGURATION = """
daemon off; master_process on; worker_processes 1; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 4096; }}
http {{
  log_format counted '$request_method $status $connection $request_uri';
  access_log {0}/access.log counted;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  keepalive_requests 1000000; root {0}/www;
  server {{
    listen 127.0.0.1:{1} backlog=4096;
    location /orders/ {{ return 200 "order\\n"; }}
    location /closing/ {{ keepalive_timeout 0; return 200 "bye\\n"; }}
  }}
}}
"""

    def __init__(self):
        super().__init__()
        os.mkdir(os.path.join(self.directory, "www"))
        os.chmod(self.directory, 0o755)
        with open(os.path.join(self.directory, "www/index.html"), "w") as file:
            file.write("<p>book</p>\n" * 300)
        path = os.path.join(self.directory, "nginx.conf")
        with open(path, "w") as file:
            file.write(self.CONFIGURATION.format(self.directory, self.port))
        self.start("nginx", "-p", self.directory, "-c", path, "-e", os.path.join(self.directory, "error.log"))
        self.workers = self.find_workers()

    def find_workers(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        deadline = time.monotonic() + 10
        while True:
            with open(path) as file:
                pids = [int(p) for p in file.read().split()]
            if pids or time.monotonic() > deadline:
                return pids
            time.sleep(0.02)

    def quit(self):
        """Ends gracefully, and gives its log."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        return self.log()

    def log(self):
        """(method, route, status) -> lines; and how many connections they came on."""
        requests, connections = {}, set()
        with open(os.path.join(self.directory, "access.log")) as file:
            for line in file.read().splitlines():
                method, status, connection, path = line.split(" ", 3)
                key = (method, self.ROUTES.get(path, path), status)
                requests[key] = requests.get(key, 0) + 1
                connections.add(connection)
        return requests, len(connections)

    def __exit__(self, *_):
        # Workers outlive a master that is killed.
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                for pid in self.workers:
                    os.kill(pid, signal.SIGKILL)
        super().__exit__()


class FixClient:
    """Just enough of FIX 4.4 to log on and send orders."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sequence, self.buffer = 0, b""

    @staticmethod
    def now():
        return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime())

    def encode(self, kind, *fields):
        self.sequence += 1
        body = "".join(f"{tag}={value}\x01" for tag, value in
                       (("35", kind), ("49", "DESK"), ("56", "EXEC"), ("34", self.sequence),
                        ("52", self.now())) + fields)
        whole = f"8=FIX.4.4\x019={len(body)}\x01{body}"
        return f"{whole}10={sum(whole.encode()) % 256:03}\x01".encode()

    def send(self, kind, *fields):
        self.socket.sendall(self.encode(kind, *fields))

    def order(self, number, price, symbol="BTCUSDT", side="1"):
        """The bytes of a limit order; without a price it is a bad one."""
        fields = (("11", f"C{number}"), ("21", "1"), ("55", symbol), ("54", side), ("60", self.now()), ("38", "10"),
                  ("40", "2"))
        return self.encode("D", *fields, *((("44", "101.5"),) if price else ()))

    def receive(self):
        """The fields of the next message."""
        while b"\x0110=" not in self.buffer or not self.buffer.endswith(b"\x01"):
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the acceptor is gone")
            self.buffer += data
        end = self.buffer.index(b"\x0110=") + 8
        message, self.buffer = self.buffer[:end], self.buffer[end:]
        return dict(f.split("=", 1) for f in message.decode().strip("\x01").split("\x01"))


class Proxy(threading.Thread):
    """Between one client that waits for each answer and its server; writes down what each exchange spent here."""

    def __init__(self, server_port, delay_s=0.0, before_answer=lambda: None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.server_port, self.delay_s, self.before_answer = server_port, delay_s, before_answer
        self.exchanges = []  # (request read, answer about to be sent, answer sent) in ns
        self.start()

    def run(self):
        try:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
                while request := client.recv(65536):
                    came_ns = time.monotonic_ns()
                    time.sleep(self.delay_s)
                    server.sendall(request)
                    answer = server.recv(65536)
                    time.sleep(self.delay_s)
                    self.before_answer()
                    goes_ns = time.monotonic_ns()
                    client.sendall(answer)
                    self.exchanges.append((came_ns, goes_ns, time.monotonic_ns()))
        except OSError:
            pass  # the test has ended

    def close(self):
        self.listener.close()


def is_stopped(pid, task):
    with open(f"/proc/{pid}/task/{task}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def await_stopped(pid):
    while not all(is_stopped(pid, t) for t in os.listdir(f"/proc/{pid}/task")):
        time.sleep(0.001)


class Stopped:
    """A process that does not run until it is told to."""

    def __init__(self, pid):
        self.pid = pid
        os.kill(pid, signal.SIGSTOP)
        await_stopped(pid)

    def go_on(self):
        """When, in ns."""
        now_ns = time.monotonic_ns()
        os.kill(self.pid, signal.SIGCONT)
        return now_ns


# Its process has its id before it is the program: a trace can be there first.
HOLD = 'kill -STOP $$; exec "$0" "$@"'


class Held:
    """A program that has not begun yet."""

    def __init__(self, *command):
        self.process = subprocess.Popen(["sh", "-c", HOLD, *command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        self.pid = self.process.pid
        await_stopped(self.pid)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


class HeldScript:
    """Stands where somebody else starts a program, and holds it likewise."""

    def __init__(self, path, program):
        self.path = path + ".pid"
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\necho $$ >{self.path}\nset -- {program} \"$@\"\nkill -STOP $$\nexec \"$@\"\n")
        os.chmod(path, 0o755)

    def await_pid(self):
        deadline = time.monotonic() + 20
        while not os.path.exists(self.path) or not os.path.getsize(self.path):
            if time.monotonic() > deadline:
                raise RuntimeError("the program was not started")
            time.sleep(0.005)
        with open(self.path) as file:
            self.pid = int(file.read())
        await_stopped(self.pid)
        return self.pid

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)


def private_copy(program, directory):
    """A path of its own for an installed program, so that what others run of it is not traced with it."""
    path = os.path.join(directory, "own-" + os.path.basename(program))
    shutil.copy(os.path.realpath(shutil.which(program)), path)
    return path
