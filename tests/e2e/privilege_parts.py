# SPDX-License-Identifier: Apache-2.0
"""Sets of capabilities, other users, and what a unit lets through, for tests."""
import atexit
import os
import re
import shutil
import subprocess
import tempfile

from agent_parts import TICKSCOPE

NOBODY = 65534
NUMBERS = {"dac_read_search": 2, "setpcap": 8, "net_bind_service": 10, "sys_ptrace": 19, "sys_admin": 21, "perfmon": 38,
           "bpf": 39, "checkpoint_restore": 40}
ALL = set(NUMBERS)
LOOKING = {"sys_ptrace", "dac_read_search", "checkpoint_restore"}
MINIMAL = ["bpf", "perfmon", "sys_ptrace"]  # for processes of others whose executables can be read


def status_of(directory):
    with open(os.path.join(directory, "status"), encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def names_of(mask):
    """A set of capabilities by name; one that is none of those above by its number."""
    bits = {number for number in range(64) if int(mask, 16) >> number & 1}
    names = {name for name, number in NUMBERS.items() if number in bits}
    return names | {number for number in bits if number not in NUMBERS.values()}


def copy_of_program():
    """Where another user can execute it."""
    directory = tempfile.mkdtemp(prefix="tickscope-program-")
    atexit.register(shutil.rmtree, directory)
    os.chmod(directory, 0o755)
    return shutil.copy2(TICKSCOPE, directory)


PROGRAM = []


def as_nobody(capabilities, arguments):
    """The command that runs tickscope as that user with these ambient capabilities and no others in reach."""
    if not PROGRAM:
        PROGRAM.append(copy_of_program())
    names = ",".join(f"+{name}" for name in capabilities)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps=-all,{names}",
            f"--ambient-caps=-all,{names}", f"--bounding-set=-all,{names}", PROGRAM[0], *arguments]


class Plain:
    """A program that calls plain_leaf in two threads once it is told to."""

    def __init__(self, exe, calls):
        self.process = subprocess.Popen([exe, "leaf", str(calls), "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        assert "count" in self.process.stdout.readline()


def call_groups():
    """systemd's groups of system calls."""
    out = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True).stdout
    groups, current = {}, None
    for line in out.splitlines():
        if line.startswith("@"):
            current = groups.setdefault(line.strip(), set())
        elif current is not None and line.startswith("    ") and not line.strip().startswith("#"):
            current.add(line.strip())
    return groups


def allowed_by_unit(unit):
    """The system calls that its SystemCallFilter lines let through."""
    groups, allowed = call_groups(), set()

    def expand(word):
        return set().union(*map(expand, groups[word])) if word.startswith("@") else {word}

    with open(unit, encoding="utf-8") as file:
        for line in file:
            match = re.match(r"SystemCallFilter=(~?)(.*)", line)
            if match:
                calls = set().union(*map(expand, match.group(2).split()))
                allowed = allowed - calls if match.group(1) else allowed | calls
    return allowed


def own_calls():
    """The agent's own list, without what only executed commands may do."""
    with open("user/base/sandbox_calls.c", encoding="utf-8") as file:
        own = file.read().split("sandbox_calls_commands")[0]
    return set(re.findall(r'"(\w+)",', own))
