# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal: keys go in, and what a terminal emulator made of the output comes out."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

# Debian's packages are for Debian's Python; these two are the same for any.
sys.path.append("/usr/lib/python3/dist-packages")
import pyte  # noqa: E402

KEYS = {"up": "\x1bOA", "down": "\x1bOB", "pgdn": "\x1b[6~", "pgup": "\x1b[5~", "end": "\x1b[4~", "home": "\x1b[1~",
        "enter": "\r", "esc": "\x1b", "f1": "\x1bOP", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~",
        "f6": "\x1b[17~", "f10": "\x1b[21~", "backspace": "\x7f"}


class Emulator(pyte.Screen):
    """With the scrolling that pyte leaves out."""

    def at_top(self, change, count):
        row, column = self.cursor.y, self.cursor.x
        self.cursor.y = self.margins.top if self.margins else 0
        change(count or 1)
        self.cursor.y, self.cursor.x = row, column

    def scroll_up(self, count=1):
        self.at_top(self.delete_lines, count)

    def scroll_down(self, count=1):
        self.at_top(self.insert_lines, count)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Screen:
    def __init__(self, command, rows=30, columns=120, **environment):
        self.rows, self.columns = rows, columns
        self.emulator = Emulator(columns, rows)
        self.stream = Stream(self.emulator)
        self.raw = b""
        variables = {"TERM": "screen-256color", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], **environment}
        # xterm would also repeat characters, of which the emulator knows nothing.
        # The slave stays open here, so that its settings can be read when the program has ended.
        master, self.slave = pty.openpty()
        self.set_size(master, rows, columns)
        self.settings = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.closerange(3, 100)
            os.execve(command[0], command, variables)
        self.master, self.status = master, None

    @staticmethod
    def set_size(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.read(0)
        self.emulator.resize(rows, columns)
        self.set_size(self.master, rows, columns)  # the kernel signals the process group of the terminal

    def read(self, seconds):
        while select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.raw += data
            self.stream.feed(data)
            seconds = 0

    def press(self, *keys):
        for key in keys:
            os.write(self.master, KEYS.get(key, key).encode())

    def lines(self):
        return [line.rstrip() for line in self.emulator.display]

    def text(self):
        return "\n".join(self.lines())

    def row_of(self, text):
        """The number of the first line that has this; None: none has."""
        return next((i for i, line in enumerate(self.lines()) if text in line), None)

    def wait(self, condition, seconds=15):
        """Until the condition holds for the screen; what it last said."""
        end = time.monotonic() + seconds
        while not (held := condition(self)) and time.monotonic() < end and not self.has_ended():
            self.read(0.05)
        return held

    def shows(self, text, seconds=15):
        return self.wait(lambda s: text in s.text(), seconds)

    def colour_of(self, row, column):
        return self.emulator.buffer[row][column].fg

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def end(self, seconds=10):
        """Waits for the exit status; whoever is still there then is killed, and that is None."""
        deadline = time.monotonic() + seconds
        while not self.has_ended() and time.monotonic() < deadline:
            self.read(0.05)
        self.read(0)
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = "killed"
            return None
        return self.status

    def is_restored(self):
        """The settings are those of before, the other screen is left, and the cursor is seen."""
        left = self.raw.rfind(b"\x1b[?1049l")
        return (termios.tcgetattr(self.slave) == self.settings and left > self.raw.rfind(b"\x1b[?1049h")
                and not self.emulator.cursor.hidden)

    def close(self):
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = "killed"
        os.close(self.master)
        os.close(self.slave)
