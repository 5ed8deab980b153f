# SPDX-License-Identifier: Apache-2.0
"""A real QuestDB with a root directory of its own, for tests and benchmarks."""
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from notify_parts import free_port, wait_for

TOOLCHAIN = os.path.abspath(os.path.join(os.path.dirname(__file__), "../toolchains/questdb"))
READY_S = 60  # the server's own tests allow as much

# A small heap and the first compiler only: it starts in seconds, and leaves the machine to the test.
JAVA = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
# Pages for little data: an empty server takes 15 MB, not 400.
SETTINGS = {
    "http.min.enabled": "false",
    "line.tcp.enabled": "false",
    "line.udp.enabled": "false",
    "pg.enabled": "false",
    "telemetry.enabled": "false",
    "shared.worker.count": "2",
    "cairo.writer.data.append.page.size": "64k",
    "cairo.system.writer.data.append.page.size": "64k",
    "cairo.writer.data.index.key.append.page.size": "64k",
    "cairo.writer.data.index.value.append.page.size": "64k",
    "cairo.o3.column.memory.size": "64k",
    "cairo.wal.writer.data.append.page.size": "64k",
    "cairo.system.wal.writer.data.append.page.size": "64k",
    "http.receive.buffer.size": "1m",
}


class SqlError(Exception):
    """The server refuses a statement."""


class QuestDB:
    """`user` with `password` turns authentication on. `root_bytes`: its root is a file system of that size (root only).
    `settings` go into its server.conf, over those above; `java` takes the place of its options there."""

    def __init__(self, user=None, password=None, root_bytes=None, settings=None, java=None):
        self.user, self.password = user, password
        self.java = java or JAVA
        self.directory = tempfile.mkdtemp(prefix="tickscope-questdb-")
        self.root = os.path.join(self.directory, "root")
        self.is_mounted = False
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        os.mkdir(self.root)
        if root_bytes:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={root_bytes}", "tickscope-questdb", self.root],
                           check=True)
            self.is_mounted = True
        self.configure(settings or {})

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def configure(self, settings):
        """For the next start."""
        merged = {**SETTINGS, "http.bind.to": f"127.0.0.1:{self.port}", **settings}
        if self.user:
            merged.update({"http.user": self.user, "http.password": self.password})
        os.makedirs(os.path.join(self.root, "conf"), exist_ok=True)
        with open(os.path.join(self.root, "conf/server.conf"), "w", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in merged.items())

    def resize(self, root_bytes):
        subprocess.run(["mount", "-o", f"remount,size={root_bytes}", self.root], check=True)

    def start(self, is_waiting=True):
        jar = subprocess.run([TOOLCHAIN], stdout=subprocess.PIPE, text=True, check=True, timeout=110).stdout.strip()
        temporary = os.path.join(self.directory, "tmp")  # its native library is unpacked there, and stays
        shutil.rmtree(temporary, ignore_errors=True)
        os.mkdir(temporary)
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["java", *self.java, f"-Djava.io.tmpdir={temporary}", "-p", jar, "-m", "io.questdb/io.questdb.ServerMain",
                 "-d", self.root], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)
        return self.wait_ready() if is_waiting else self

    def wait_ready(self, timeout_s=READY_S):
        wait_for("QuestDB answers", self.is_ready, timeout_s)
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"QuestDB ended: {self.log()[-2000:]}"
        try:
            return self.sql("select build") != []
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self, sig=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            self.process.wait()

    def pause(self):
        """It takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        self.kill()
        if self.is_mounted:
            subprocess.run(["umount", self.root], check=True)
            self.is_mounted = False
        shutil.rmtree(self.directory, ignore_errors=True)

    def request(self, path, body=None, timeout_s=20):
        """The answer's body. An answer of another status than 2xx is a urllib.error.HTTPError, which is an OSError."""
        headers = {}
        if self.user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(self.url + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return response.read()

    def sql(self, statement):
        """The rows, each a list; of a statement that has none, []."""
        try:
            answer = json.loads(self.request("/exec?" + urllib.parse.urlencode({"query": statement})))
        except urllib.error.HTTPError as failure:
            if failure.code != 400:
                raise
            raise SqlError(f"{statement}: {failure.read().decode(errors='replace')}") from None
        return answer.get("dataset", [])

    def wait_sql(self, statement, predicate=bool, timeout_s=30):
        """The rows when the predicate is true of them: what was written shows up a moment later. A table that is not
        there yet has no rows."""
        last = None

        def rows():
            nonlocal last
            try:
                last = self.sql(statement)
            except SqlError as failure:
                last = str(failure)
                if "does not exist" not in last:
                    raise
                return None
            return (last,) if predicate(last) else None

        try:
            return wait_for(f"rows of {statement}", rows, timeout_s)[0]
        except AssertionError as failure:
            raise AssertionError(f"{failure}; there is {last}") from None
