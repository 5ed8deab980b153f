# SPDX-License-Identifier: Apache-2.0
"""An agent's socket that answers as scripted, and is strict about what it is asked; windows are packed here anew."""
import json
import os
import socket
import threading
import time

SECOND = 10**9


def number(value):
    """LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def flagged(flag, value):
    rest = value >> 6
    return bytes([(0x80 if rest else 0) | (value & 0x3F) << 1 | flag]) + (number(rest) if rest else b"")


def bucket_of(value_ns):
    if value_ns < 128:
        return value_ns
    shift = value_ns.bit_length() - 8
    return (shift + 1 << 7) + (value_ns >> shift & 127)


def packed(values, errors=0, duration_ns=SECOND):
    """The bytes of measure/packed.h, as hex, of calls that took so long."""
    buckets = {}
    for value in values:
        buckets[bucket_of(value)] = buckets.get(bucket_of(value), 0) + 1
    count = len(values)
    fields = [duration_ns, count, count, 0, 0, 0, 0, 0, 0, errors, 0, sum(values), count, max(values, default=0)]
    mask = sum(1 << i for i, field in enumerate(fields) if field) | (1 << len(fields) if values else 0)
    out = b"\x01" + mask.to_bytes(2, "little") + b"".join(number(f) for f in fields if f)
    out += number(min(values)) if values else b""
    at = 0
    for bucket in sorted(buckets):
        out += flagged(1, bucket - at) if bucket > at else b""
        out += flagged(0, buckets[bucket])
        at = bucket + 1
    checksum = 2166136261
    for byte in out:
        checksum = (checksum ^ byte) * 16777619 & 0xFFFFFFFF
    return (out + checksum.to_bytes(4, "little")).hex()


class Series:
    def __init__(self, operation, values, target="engine", kind="function", labels="", errors=0):
        self.operation, self.values, self.target = operation, values, target
        self.kind, self.labels, self.errors = kind, labels, errors

    def window(self, start_ns):
        values = self.values(start_ns) if callable(self.values) else self.values
        return {"target": self.target, "operation": self.operation, "kind": self.kind, "labels": self.labels,
                "start_ns": start_ns, "duration_ns": SECOND, "probe_inner_ns": 0,
                "packed": packed(values, self.errors)}


def alert(operation, severity="critical", state="firing", **more):
    return {"id": "1-1", "rule": "slow", "state": state, "severity": severity, "operation": operation,
            "target": "engine", "labels": {}, "metric": operation + ".p99", "value": 2.0, "threshold": 1.0,
            "title": f"{operation} is slow", "message": "", "acknowledged_by": None, **more}


def status(**more):
    """A healthy agent."""
    return {"schema": "tickscope.status/1", "host": "desk-7", "version": "9.9", "pid": 4242,
            "started": "2026-01-01T00:00:00Z", "uptime_s": 7500, "ready": True,
            "targets": [{"name": "engine", "state": "traced", "reason": None,
                         "processes": [{"pid": 77, "name": "engine", "since": "2026-01-01T00:00:00Z"}],
                         "values": {"cpu_percent": 12.5, "memory_bytes": 52428800, "threads": 9, "descriptors": 33}}],
            "operations": [{"target": "engine", "name": "execute_trade", "kind": "function", "labels": {},
                            "probe": "uprobe session at execute_trade+4 (push)", "level": "session",
                            "probe_cost_ns": 930, "probe_inner_ns": 120, "calls_per_s": 1999.5,
                            "cost_percent": 0.19, "quality": {"uncovered_copies": 3}}],
            "sinks": [{"name": "history", "state": "ok", "behind_rows": 0, "oldest_s": None, "last_error": None}],
            "channels": [{"name": "desk", "type": "webhook", "state": "unused", "sent": 0, "failed": 0,
                          "last_error": None}],
            "health": {"score": 97.5, "components": [{"name": "execute_trade", "score": 97.5, "violations": 1}],
                       "system": {"uptime_ratio": 1, "requests": 5, "error_rate": 0}},
            "self": {"cpu_percent": 0.31, "rss_bytes": 22020096, "map_bytes": 1048576, "dropped": {"ring": 0}},
            **more}


class StandIn:
    """Windows of the last seconds are made when they are asked for: one a second since `history_s` before the start."""

    def __init__(self, directory, series=(), alerts=(), values=(), history_s=20):
        self.path = os.path.join(directory, "agent.sock")
        self.series, self.alerts, self.values = list(series), list(alerts), list(values)
        self.status = status()
        self.violations, self.requests = [], []
        self.first_ns = (int(time.time()) - history_s) * SECOND
        self.answer = None  # in place of the answer: bytes, or a function of the request
        self.is_open = True
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.clients = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def windows(self, since_ns):
        now_ns = time.time_ns()
        starts = range(self.first_ns, now_ns - SECOND, SECOND)
        return {"now_ns": now_ns, "values": self.values, "alerts": self.alerts,
                "windows": [s.window(start) for start in starts[-60:] if start >= since_ns for s in self.series]}

    def answer_to(self, line):
        request = json.loads(line)
        self.requests.append(request)
        if request == {"do": "status"}:
            return self.status
        if set(request) == {"do", "since_ns"} and request["do"] == "windows" and type(request["since_ns"]) is int \
                and request["since_ns"] >= 0:
            return self.windows(request["since_ns"])
        self.violations.append(f"asked {line!r}")
        return {"error": "unknown request"}

    def serve(self, client):
        pending = b""
        try:
            while data := client.recv(65536):
                pending += data
                while b"\n" in pending:
                    line, pending = pending.split(b"\n", 1)
                    if pending:
                        self.violations.append(f"sent {pending!r} before the answer")
                    if len(line) > 65536:
                        self.violations.append("a line that is too long")
                    answer = self.answer_to(line)
                    if self.answer is not None:
                        given = self.answer(self.requests[-1]) if callable(self.answer) else self.answer
                        if given is not None:
                            client.sendall(given)
                        continue
                    client.sendall(json.dumps(answer).encode() + b"\n")
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):
                self.violations.append(f"no JSON: {error}")

    def close(self):
        self.listener.close()
        for client in self.clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            client.close()
        if os.path.exists(self.path):
            os.unlink(self.path)
