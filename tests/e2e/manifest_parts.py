# SPDX-License-Identifier: Apache-2.0
"""Manifests as a cluster gets them, what Kubernetes' own schemas say of them, and what we ask for beyond: each function
returns complaints."""
import json
import os
import re
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build")
TOP = "deploy/kubernetes"
# Debian's modules, whichever interpreter runs this.
sys.path.append("/usr/lib/python3/dist-packages")
import jsonschema  # noqa: E402
import yaml  # noqa: E402

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What a container gets without asking: of these, Pod Security's level "baseline" allows a pod to add any.
BASELINE_CAPABILITIES = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
                         "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")
NODE_PATHS = {"/var/lib/tickscope": False, "/var/log/pods": True, "/var/log/containers": True, "/sys/fs/cgroup": True,
              "/sys/kernel/tracing": True, "/sys/kernel/btf": True}  # is it read-only
SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key)(?!.*(_FILE|_file)$)")


def tools():
    """The directory with the renderer and the schemas."""
    return subprocess.run(["tests/toolchains/kubernetes"], check=True, capture_output=True, text=True).stdout.strip()


def render(directory, *paths):
    """The documents of each kustomization."""
    out = subprocess.run([os.path.join(directory, "render"), *paths], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stderr
    parts = re.split(r"(?m)^# (\S+)\n", out.stdout)[1:]
    return {path: [d for d in yaml.load_all(text, LOADER) if d] for path, text in zip(parts[::2], parts[1::2])}


class Schemas:
    """Of one version of Kubernetes, in which unknown keys are refused."""

    def __init__(self, directory):
        self.directory = directory
        definitions = self.read("_definitions.json")["$defs"]
        self.store = {f"http://k/{name}": definition for name, definition in definitions.items()}

    def read(self, name):
        """With each definition as a document of its own: the library searches all of one for each reference into it."""
        with open(os.path.join(self.directory, name), encoding="utf-8") as file:
            text = re.sub(r'"\$ref": *"[^"#]*#/\$defs/([^"]+)"', r'"$ref": "http://k/\1"', file.read())
        return json.loads(text)

    def complaints(self, document):
        group, _, version = document["apiVersion"].rpartition("/")
        name = "-".join(part for part in (document["kind"].lower(), group.split(".")[0], version) if part) + ".json"
        if not os.path.exists(os.path.join(self.directory, name)):
            return [f"{document['kind']} of {document['apiVersion']} is not a kind that Kubernetes knows"]
        schema = self.read(name)
        resolver = jsonschema.RefResolver("http://k/", schema, store=self.store)
        return [f"{document['kind']}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                for error in jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(document)]


def pod_of(document):
    return document["spec"]["template"]["spec"]


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def context(pod, container, key):
    own = container.get("securityContext", {})
    return own.get(key, pod.get("securityContext", {}).get(key))


def of_kind(documents, *kinds):
    return [d for d in documents if d["kind"] in kinds]


def container_complaints(pod, c):
    own = c.get("securityContext", {})
    if not re.fullmatch(r"[^:]+/[^:]+:[^:]+|.+@sha256:[0-9a-f]{64}", c["image"]) or c["image"].endswith(":latest"):
        yield f"image {c['image']} has no registry, or no version"
    resources = c.get("resources", {})
    if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
        yield "resources are not set"
    if "cpu" in resources.get("limits", {}):
        yield "a limit of CPU stops it in the middle of a reading"
    if not own.get("readOnlyRootFilesystem"):
        yield "the root file system can be written"
    if context(pod, c, "runAsUser") is None:
        yield "the user is whatever the image says"
    if not own.get("privileged") and own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "capabilities are not dropped"
    if not own.get("privileged") and not context(pod, c, "seccompProfile"):
        yield "no profile of system calls is chosen"
    for variable in c.get("env", []):
        if "value" in variable and SECRET.search(variable["name"]) or "@" in variable.get("value", ""):
            yield f"{variable['name']} may be a secret in plain text"


def probe_complaints(pod, c):
    ports = {port.get("name"): port["containerPort"] for port in c.get("ports", [])}
    if c not in pod["containers"]:
        return
    for kind in ("livenessProbe", "readinessProbe"):
        if kind not in c:
            yield f"there is no {kind}"
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        for how in ("httpGet", "tcpSocket"):
            port = c.get(kind, {}).get(how, {}).get("port")
            if port is not None and port not in ports and port not in ports.values():
                yield f"{kind} asks port {port}, which is not there"


def mount_complaints(pod, c):
    volumes = {v["name"]: v for v in pod.get("volumes", [])}
    for mount in c.get("volumeMounts", []):
        volume = volumes.pop(mount["name"], {})
        path = volume.get("hostPath", {}).get("path")
        if path and path not in NODE_PATHS:
            yield f"{path} of the node is not meant to be seen"
        elif path and NODE_PATHS[path] != mount.get("readOnly", False):
            yield f"{path} of the node is to be {'read' if NODE_PATHS[path] else 'written'}"
        if "configMap" in volume and not mount.get("readOnly"):
            yield f"{mount['mountPath']} is not read-only"


def workload_complaints(document):
    pod = pod_of(document)
    selector, labels = document["spec"]["selector"]["matchLabels"], document["spec"]["template"]["metadata"]["labels"]
    if not selector.items() <= labels.items():
        yield "the selector does not find its pods"
    if pod.get("automountServiceAccountToken") is not False:
        yield "a token is mounted that nobody asked for"
    if pod.get("hostNetwork") or pod.get("hostIPC"):
        yield "the host's network and IPC are not needed"
    for c in containers(pod):
        for check in (container_complaints, probe_complaints, mount_complaints):
            yield from (f"{c['name']}: {complaint}" for complaint in check(pod, c))


def agent_complaints(documents, capabilities):
    """capabilities: exactly these, None: privileged."""
    agent = of_kind(documents, "DaemonSet")[0]
    pod, c = pod_of(agent), pod_of(agent)["containers"][0]
    own = c["securityContext"]
    if not pod.get("hostPID"):
        yield "pids of other pods cannot be seen without hostPID"
    if pod.get("tolerations") != [{"operator": "Exists"}] or agent["spec"]["updateStrategy"]["type"] != "RollingUpdate":
        yield "tolerations, updateStrategy"
    if capabilities is None and not own.get("privileged"):
        yield "it is not privileged"
    if capabilities is not None:
        if own.get("privileged") or set(own["capabilities"]["add"]) != capabilities:
            yield f"capabilities are not exactly {sorted(capabilities)}"
        if context(pod, c, "runAsUser") == 0 or not context(pod, c, "runAsNonRoot"):
            yield "it runs as root"
    paths = {v["hostPath"]["path"] for v in pod["volumes"] if "hostPath" in v}
    if paths != set(NODE_PATHS):
        yield f"paths of the node: {paths ^ set(NODE_PATHS)}"
    mounts = {m["mountPath"]: m for m in c["volumeMounts"]}
    for path in ("/var/lib/tickscope", "/run/tickscope", "/tmp"):
        if path not in mounts or mounts[path].get("readOnly"):
            yield f"{path} cannot be written"


def level_of(documents):
    """The level of Pod Security that admits these pods, as far as ours differ: "privileged", "baseline"."""
    for document in of_kind(documents, *WORKLOADS):
        pod = pod_of(document)
        if pod.get("hostPID") or pod.get("hostNetwork") or any("hostPath" in v for v in pod.get("volumes", [])):
            return "privileged"
        for c in containers(pod):
            own = c.get("securityContext", {})
            added = set(own.get("capabilities", {}).get("add", []))
            profile = (context(pod, c, "seccompProfile") or {}).get("type")
            if own.get("privileged") or not added <= BASELINE_CAPABILITIES or profile == "Unconfined":
                return "privileged"
    return "baseline"


def namespace_complaints(documents):
    labels = of_kind(documents, "Namespace")[0]["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        if labels.get(f"pod-security.kubernetes.io/{mode}") != level_of(documents):
            yield f"Pod Security: {mode} does not agree with what the pods ask for, {level_of(documents)}"
    for document in documents:
        if document["kind"] not in ("Namespace", "ClusterRole", "ClusterRoleBinding") and \
                document["metadata"].get("namespace") != "tickscope":
            yield f"{document['kind']} {document['metadata']['name']} is in no namespace of ours"


def policy_of(documents, labels):
    return [p for p in of_kind(documents, "NetworkPolicy")
            if p["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]


def ports_of(rules):
    return {port["port"] for rule in rules for port in rule.get("ports", [])}


def network_complaints(documents):
    """Each pod has a policy that lets in what it listens at; services point to ports that exist."""
    for document in of_kind(documents, *WORKLOADS):
        labels, name = document["spec"]["template"]["metadata"]["labels"], document["metadata"]["name"]
        listening = {p.get("name"): p["containerPort"] for c in pod_of(document)["containers"] for p in c.get("ports", [])}
        policies = policy_of(documents, labels)
        inward = set().union(*(ports_of(p["spec"].get("ingress", [])) for p in policies)) if policies else set()
        if not policies or any(set(p["spec"]["policyTypes"]) != {"Ingress", "Egress"} for p in policies):
            yield f"{name}: no policy for both directions"
        served = set()
        for service in of_kind(documents, "Service"):
            if not service["spec"]["selector"].items() <= labels.items():
                continue
            for port in service["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                served.add(listening.get(target, target))
        if not served <= set(listening.values()):
            yield f"{name}: a service points to a port that is not there"
        if not served or served != inward:
            yield f"{name}: policy and service differ: {sorted(inward)}, {sorted(served)}"


def uses_of(config, agent):
    """(ports that the agent listens at, ports it talks to), out of its configuration and its environment."""
    values = {v["name"]: v.get("value", "") for v in pod_of(agent)["containers"][0].get("env", [])}
    text = yaml.safe_load(config)
    sinks = text.get("sinks", {})
    listening = {int(text[key]["listen"].rpartition(":")[2]) for text, key in ((sinks, "prometheus"), (text, "health"))
                 if key in text}
    urls = [values.get(f"TICKSCOPE_SINKS_{name.upper()}_URL") or sinks.get(name, {}).get("url") for name in ("questdb", "redis")]
    urls += [values.get("TICKSCOPE_KUBERNETES_API") or text.get("kubernetes", {}).get("api")]
    urls += [channel.get("url") for channel in text.get("notify", [])]
    defaults = {"http": 80, "https": 443, "redis": 6379}
    asked = set()
    for url in filter(None, urls):
        scheme, _, rest = url.partition("://")
        port = rest.partition("/")[0].rpartition("@")[2].partition(":")[2]
        asked.add(int(port or defaults[scheme]))
    return listening, asked


def config_complaints(documents):
    """What the agent is told to listen at is declared and let in; what it talks to is let out; other pods let it in."""
    agent = of_kind(documents, "DaemonSet")[0]
    pod = pod_of(agent)
    name = next(v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v)
    maps = [m for m in of_kind(documents, "ConfigMap") if m["metadata"]["name"] == name]
    if not maps:
        yield f"ConfigMap {name} is not there"
        return
    listening, asked = uses_of(maps[0]["data"]["tickscope.yaml"], agent)
    declared = {p["containerPort"] for p in pod["containers"][0]["ports"]}
    policy = policy_of(documents, agent["spec"]["template"]["metadata"]["labels"])[0]["spec"]
    if listening != declared or not listening <= ports_of(policy["ingress"]):
        yield f"it listens at {listening}, declares {declared}"
    if not asked <= ports_of(policy["egress"]):
        yield f"the policy does not let out to {asked - ports_of(policy['egress'])}"


def rights_complaints(documents):
    """Rights only for who mounts a token, and then to list pods."""
    agent = pod_of(of_kind(documents, "DaemonSet")[0])
    tokens = [s for v in agent["volumes"] for s in v.get("projected", {}).get("sources", []) if "serviceAccountToken" in s]
    rules = [rule for role in of_kind(documents, "ClusterRole", "Role") for rule in role["rules"]]
    if bool(tokens) != bool(rules):
        yield "a token without rights, or rights without a token"
    if rules not in ([], [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]):
        yield f"rights: {rules}"
    for binding in of_kind(documents, "ClusterRoleBinding", "RoleBinding"):
        accounts = {(a["metadata"]["namespace"], a["metadata"]["name"]) for a in of_kind(documents, "ServiceAccount")}
        if any((s["namespace"], s["name"]) not in accounts for s in binding["subjects"]):
            yield f"{binding['metadata']['name']} is for nobody"


def complaints(documents, capabilities):
    """All of them. capabilities: of the agent, None: it is privileged."""
    out = [f"{d['kind']} {d['metadata']['name']}: {c}" for d in of_kind(documents, *WORKLOADS) for c in workload_complaints(d)]
    out += agent_complaints(documents, capabilities)
    for check in (namespace_complaints, network_complaints, config_complaints, rights_complaints):
        out += check(documents)
    if of_kind(documents, "Secret"):
        out.append("a Secret in plain text")
    return out
