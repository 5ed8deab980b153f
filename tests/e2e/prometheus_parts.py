# SPDX-License-Identifier: Apache-2.0
"""Prometheus itself, the scrape endpoint in its driver, and pages as the parser of its Python client reads them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from notify_parts import free_port, wait_for

# Debian's modules, whichever interpreter runs this: nothing else in there has the name of a module of ours.
sys.path.append("/usr/lib/python3/dist-packages")
from prometheus_client import parser  # noqa: E402
from prometheus_client.openmetrics import parser as openmetrics_parser  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
DRIVER = os.path.abspath(os.path.join(BUILD, "e2e/scrape_driver"))
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
FAMILIES = ("order_execution_latency_seconds", "order_round_trip_time_seconds", "market_data_updates_total",
            "market_data_processing_seconds", "signal_generation_seconds", "memory_usage_bytes", "cpu_usage_percent",
            "gc_pause_seconds", "api_request_duration_seconds", "websocket_message_duration_seconds",
            "dashboard_rendering_seconds")
DURATION = "tickscope_operation_duration_seconds"


def get(port, path="/metrics", accept=None, method="GET", timeout_s=20):
    """(status, headers, body) of a request."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                     headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answered:
            return answered.status, answered.headers, answered.read()
    except urllib.error.HTTPError as failure:
        return failure.code, failure.headers, failure.read()


class Endpoint:
    """The scrape endpoint in its driver; `families` maps names of FAMILIES to globs."""

    def __init__(self, series_max=20000, listen="127.0.0.1:0", families=None):
        self.process = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started = self.ask(listen=listen, series_max=series_max,
                                families=[(families or {}).get(name) for name in FAMILIES])
        self.port = self.started.get("port")

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def page(self, accept=None):
        status, _, body = get(self.port, accept=accept)
        assert status == 200, (status, body)
        return body.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            assert self.process.wait(timeout=20) == 0, self.process.returncode
        finally:
            self.process.kill()


def series(operation, ns=(), target="engine", kind="function", labels="", **more):
    return {"target": target, "operation": operation, "kind": kind, "labels": labels, "ns": list(ns), **more}


def value(name, number, target="engine", operation="", labels=""):
    return {"target": target, "operation": operation, "kind": "value", "labels": labels, "name": name, "value": number}


def samples(page, is_openmetrics=False):
    """{(name, labels as a sorted tuple): number} as the Python client's parsers read the page."""
    parse = (openmetrics_parser if is_openmetrics else parser).text_string_to_metric_families
    read = {}
    for family in parse(page):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in read, key
            read[key] = sample.value
    return read


def promtool(page):
    """(exit status, lines) of `promtool check metrics`."""
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if line]


class Prometheus:
    """A real one, on a free port, with its data in a directory of its own; it scrapes the ports that are given."""

    def __init__(self, *ports, interval="200ms", rule_files=()):
        self.directory = tempfile.mkdtemp(prefix="tickscope-prometheus-")
        self.port = free_port()
        path = os.path.join(self.directory, "prometheus.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"global: {{ scrape_interval: {interval}, scrape_timeout: {interval}, "
                       f"evaluation_interval: 1s }}\nrule_files: {json.dumps([os.path.abspath(path) for path in rule_files])}\n"
                       "scrape_configs:\n  - job_name: tickscope\n    static_configs: [ { targets: "
                       f"{json.dumps([f'127.0.0.1:{port}' for port in ports])} }} ]\n")
        self.log = open(os.path.join(self.directory, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        wait_for("Prometheus is ready", self.is_ready, 40)

    def is_ready(self):
        assert self.process.poll() is None, self.said()
        try:
            return get(self.port, "/-/ready")[0] == 200
        except OSError:
            return False

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, path, **parameters):
        status, _, body = get(self.port, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        answer = json.loads(body)
        assert status == 200 and answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """[(labels, value)], a value being a number, or for ranges a list of (time, number)."""
        result = self.ask("query", query=expression)["result"]
        return [(r["metric"], float(r["value"][1]) if "value" in r else
                 [(t, float(v)) for t, v in r["values"]]) for r in result]

    def number(self, expression):
        """The only value of an expression; None where it has none."""
        result = self.query(expression)
        assert len(result) <= 1, result
        return result[0][1] if result else None

    def health(self):
        """[(health, last error)] of its targets."""
        return [(t["health"], t["lastError"]) for t in self.ask("targets")["activeTargets"]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
