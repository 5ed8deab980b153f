# SPDX-License-Identifier: Apache-2.0
"""What tests of the agent's health need: a target at a known rate, one thread that hangs, what the kernel has attached."""
import ctypes
import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys

from agent_parts import BUILD

PACED = os.path.abspath(os.path.join(BUILD, "e2e/paced"))
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long] * 4
LIBC.ptrace.restype = ctypes.c_long
SYS_BPF, BPF_LINK_GET_FD_BY_ID = 321, 30
PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000


def config(*more, target=""):
    return "\n".join([
        "targets:", f"  - {{ name: engine, match: {{ exe: {PACED} }}{target} }}",
        "operations:", "  - { name: hot, function: hot }", "  - { name: cold, function: cold }", *more, ""])


def chained_config(target=""):
    """`busy` has a stage that is called as often as one likes, and one that it shares with `calm` and with `cold`."""
    return "\n".join([
        "targets:", f"  - {{ name: engine, match: {{ exe: {PACED} }}{target} }}",
        "operations:", "  - { name: cold, function: cold }",
        "chains:", "  - { name: busy, stages: [enter cold, enter hot] }", "  - { name: calm, stages: [enter cold, return cold] }",
        ""])


def sum_of(calls, modulus):
    """What so many calls return together."""
    whole, rest = divmod(calls, modulus)
    return whole * modulus * (modulus - 1) // 2 + rest * (rest - 1) // 2


class Paced:
    """A process that calls as it is told; every answer is checked, so its results were right to the end."""

    def __init__(self):
        self.process = subprocess.Popen([PACED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hot_cnt = self.cold_cnt = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self, modulus):
        calls, total = map(int, self.process.stdout.readline().split())
        assert total == sum_of(calls, modulus), (calls, total)
        return calls

    def cold(self, calls):
        self.send(f"cold {calls}")
        assert self.answer(5) == calls
        self.cold_cnt += calls

    def hot(self, ms):
        """As many calls as fit."""
        self.begin_hot(ms)
        return self.end_hot()

    def begin_hot(self, ms):
        self.send(f"hot {ms}")

    def end_hot(self):
        calls = self.answer(7)
        self.hot_cnt += calls
        return calls

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            times = file.read().rpartition(")")[2].split()[11:13]
        return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")

    def finish(self):
        """Its exit status."""
        self.process.stdin.close()
        return self.process.wait(timeout=20)


class Hung:
    """The main thread of a process is stopped; its other threads run on. Its tracer is a process of its own, since who
    traces hears of more than of the end."""

    def __init__(self, pid):
        self.tracer = subprocess.Popen([sys.executable, os.path.abspath(__file__), str(pid)], stdout=subprocess.PIPE,
                                       text=True)

    def __enter__(self):
        assert self.tracer.stdout.readline() == "stopped\n"
        return self

    def __exit__(self, *_):
        self.tracer.kill()  # then the kernel lets it go on
        self.tracer.wait()


def stop_thread(pid):
    """Until this process is killed, or the other has ended."""
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if LIBC.ptrace(request, pid, 0, 0):
            sys.exit(os.strerror(ctypes.get_errno()))
    os.waitpid(pid, WALL)
    print("stopped", flush=True)
    os.waitpid(pid, WALL)


class ServiceManager:
    """The socket that systemd gives a service; the environment that says so."""

    def __init__(self, directory):
        path = os.path.join(directory, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.05)
        self.environment = [f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=4000000"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def heard(self):
        """All that was said since the last time."""
        said = []
        while True:
            try:
                said.append(self.socket.recv(4096).decode())
            except TimeoutError:
                return said


def get(port, path, method="GET"):
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def links_of(pid):
    """The kernel's numbers of the links that a process holds."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as file:
                ids.update(int(n) for n in re.findall(r"^link_id:\s*(\d+)$", file.read(), re.M))
        except OSError:
            pass  # it was closed meanwhile
    return ids


def links_that_are(ids):
    """Those of them that the kernel still has, whoever holds them."""
    left = set()
    for number in ids:
        attributes = (ctypes.c_uint32 * 32)(number)
        fd = LIBC.syscall(SYS_BPF, BPF_LINK_GET_FD_BY_ID, ctypes.byref(attributes), ctypes.sizeof(attributes))
        if fd >= 0:
            os.close(fd)
            left.add(number)
    return left


def events(agent, kind):
    """Texts of the history's events."""
    with sqlite3.connect(f"file:{agent.state}/history.db?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("select text from event where kind = ? order by seq", (kind,))]


if __name__ == "__main__":
    stop_thread(int(sys.argv[1]))
