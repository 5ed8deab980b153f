# SPDX-License-Identifier: Apache-2.0
"""Pods for tests: processes in control groups with the names that a node has, the kubelet's directories of logs, and an
API server that is strict about what it is asked."""
import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import urllib.parse
import uuid

from notify_parts import wait_for

CGROUP_ROOTS = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup", "/sys/fs/cgroup/systemd")
ACCEPT = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TLS = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


class Pod:
    """One pod of a node; `start` runs a program in one of its containers."""

    def __init__(self, node, name, namespace="trading", labels=None, containers=("engine",)):
        self.node, self.name, self.namespace, self.labels = node, name, namespace, labels or {}
        self.uid = str(uuid.uuid4())
        self.ids = {container: os.urandom(32).hex() for container in containers}
        slice_name = f"kubepods-burstable-pod{self.uid.replace('-', '_')}.slice"
        self.group = os.path.join(node.cgroup, slice_name)
        for container in containers:
            os.makedirs(os.path.join(node.logs, "pods", f"{namespace}_{name}_{self.uid}", container))

    def start(self, container, *command, has_link=True):
        """The kubelet's link stands there once the container has started."""
        group = os.path.join(self.group, f"cri-containerd-{self.ids[container]}.scope")
        os.makedirs(group, exist_ok=True)

        def enter():
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=enter)
        self.node.processes.append(process)
        if has_link:
            self.link(container)
        return process

    def link(self, container):
        """To a file that nobody needs to be able to read."""
        name = f"{self.name}_{self.namespace}_{container}-{self.ids[container]}.log"
        path = os.path.join(self.node.logs, "containers", name)
        if not os.path.islink(path):
            os.symlink("/nowhere", path)

    def metadata(self):
        return {"metadata": {"name": self.name, "namespace": self.namespace, "uid": self.uid, "labels": self.labels}}


class Node:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tickscope-node-")
        self.logs = os.path.join(self.directory, "log")
        self.processes = []
        self.top = self.cgroup = None
        for name in ("pods", "containers"):
            os.makedirs(os.path.join(self.logs, name))
        for root in CGROUP_ROOTS:
            if os.path.exists(os.path.join(root, "cgroup.procs")):
                self.top = os.path.join(root, f"tickscope-node-{os.getpid()}")
                self.cgroup = os.path.join(self.top, "kubepods.slice/kubepods-burstable.slice")
                os.makedirs(self.cgroup)
                break
        assert self.cgroup, "no file system of control groups"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        for path, _, _ in os.walk(self.top, topdown=False):
            wait_for("the group is empty", lambda path=path: self.remove(path))
        shutil.rmtree(self.directory)

    def start_outside(self, *command):
        """In no container."""
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    @staticmethod
    def remove(path):
        try:
            os.rmdir(path)
        except OSError:
            return False
        return True


def certificate(directory, name):
    """A server's for 127.0.0.1, which is its own authority: (certificate, key)."""
    paths = [os.path.join(directory, f"{name}.{end}") for end in ("crt", "key")]
    subprocess.run(["openssl", "req", *TLS, "-keyout", paths[1], "-out", paths[0], "-subj", "/CN=kubernetes", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return paths


class ApiServer:
    """Lists the metadata of one node's pods for whoever has the token, and notes what nobody should ask."""

    def __init__(self, directory, node_name, port, token):
        self.node_name, self.token, self.pods = node_name, token, []
        self.violations, self.asked = [], 0
        self.hangs = threading.Event()
        self.certificate, key = certificate(directory, "api")
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # of clients that do not like the certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        self.asked += 1
        url = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(url.query, strict_parsing=True)
        wanted = {"fieldSelector": [f"spec.nodeName={self.node_name}"], "resourceVersion": ["0"]}
        status, body = 200, {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                             "metadata": {"resourceVersion": "7"}, "items": [pod.metadata() for pod in self.pods]}
        if request.headers["Authorization"] != f"Bearer {self.token}":
            status, body = 401, {"kind": "Status", "status": "Failure", "message": "Unauthor\x1bized", "code": 401}
        elif url.path != "/api/v1/pods" or query != wanted or request.headers["Accept"] != ACCEPT:
            self.violations.append((request.path, dict(request.headers)))
            status, body = 403, {"kind": "Status", "status": "Failure", "message": "Forbidden", "code": 403}
        if self.hangs.is_set():
            threading.Event().wait(60)
        text = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)
