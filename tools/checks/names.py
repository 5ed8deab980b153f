# SPDX-License-Identifier: Apache-2.0
"""Names: what a file exports, units of numbers, globals, and calls that are refused."""
import os
import re

from rooms import room_of

# A header that speaks for several kinds of object: the prefixes that its functions have beside its own name.
PREFIXES = {
    "user/cli/cli.h": "cmd",
    "user/config/protocol_names.h": "protocol",
    "user/daemon/internal.h": "daemon processes operations",
    "user/measure/window.h": "snapshot",
    "user/probe/internal.h": "group probe",
    "user/sink/questdb_tables.h": "questdb_type questdb_table questdb_view",
    "user/store/history_batch.h": "history",
    "user/target/flow.h": "insn",
    "user/target/internal.h": "image symbol name process",
    "user/target/plan.h": "entry hijack",
    "user/target/registers.h": "register insn",
    "user/target/target.h": "process image operation_plans",
}


def has_prefix(name, prefix):
    return name == prefix or name.startswith(prefix + "_")


# Their first argument is the name.
LIBBPF_MACROS = ("BPF_PROG", "BPF_KPROBE", "BPF_KRETPROBE")


def prototypes(tree):
    """Function name -> headers that declare it."""
    found = {}
    for tag in tree.tags():
        if tag["kind"] == "prototype" and tag["path"].endswith(".h"):
            found.setdefault(tag["name"], []).append(tag["path"])
    return found


def stem(path):
    return os.path.basename(path).split(".")[0]


def check_export(tree, tag, declared):
    """What is wrong with one function that is not static."""
    path, name = tag["path"], tag["name"]
    room = room_of(path)
    headers = [h for h in declared.get(name, []) if room_of(h) == room]
    if not headers:
        return f"{name} is neither static nor declared in a header of {room}"
    allowed = {stem(path)}
    for header in headers:
        allowed |= {stem(header), *PREFIXES.get(header, "").split()}
    allowed.discard("internal")
    if not any(has_prefix(name, prefix) for prefix in allowed):
        return f"{name} should start with {' or '.join(sorted(p + '_' for p in allowed))}"
    return None


def check_exports(tree):
    declared = prototypes(tree)
    exported = [t for t in tree.functions("user/") if t["path"].endswith(".c") and not t.get("file")]
    for tag in exported:
        if tag["name"] == "main" or tree.allowed.has("export", f'{tag["path"]}:{tag["name"]}'):
            continue
        problem = check_export(tree, tag, declared)
        if problem:
            yield tag["path"], tag["line"], problem
        elif not is_used_elsewhere(tree, tag):
            yield tag["path"], tag["line"], f'{tag["name"]} is used nowhere else: make it static, or remove it'
    for tag in tree.functions("bpf/"):
        if tag["name"] in LIBBPF_MACROS:
            continue
        if tag["path"].endswith(".bpf.c") and not tag.get("file") and not has_prefix(tag["name"], stem(tag["path"])):
            yield tag["path"], tag["line"], f'{tag["name"]} should start with {stem(tag["path"])}_'


def is_used_elsewhere(tree, tag):
    word = re.compile(rf'\b{re.escape(tag["name"])}\b')
    return any(word.search(tree.code(p)) for p in tree.ending(".c", ".cc")
               if p.startswith(("user/", "tests/")) and p != tag["path"])


def check_globals(tree):
    """No state outside of objects: a variable of a file is constant."""
    for tag in tree.tags():
        if tag["kind"] != "variable" or not tag["path"].startswith("user/") or "scope" in tag:
            continue
        source = tree.text(tag["path"]).split("\n")[tag["line"] - 1]
        # A definition may begin on an earlier line: `} names[] = {`.
        declaration = source
        if re.match(r"\s*\}", source):
            lines = tree.text(tag["path"]).split("\n")
            first = max(i for i in range(tag["line"] - 1) if re.match(r"[a-z].*\{$", lines[i]))
            declaration = lines[first] + source
        where = f'{tag["path"]}:{tag["name"]}'
        if not re.search(r"\b(const|extern)\b", declaration) and not tree.allowed.has("global", where):
            yield tag["path"], tag["line"], f'{tag["name"]} is a mutable global'


INTEGER = re.compile(r"^typename:(const |volatile |unsigned |static )*(u?int(8|16|32|64|ptr)?_t|size_t|ssize_t|int|long|"
                     r"unsigned|__[us](8|16|32|64)|double|time_t)$")
UNITLESS = re.compile(r"(^|_)(timeout|delay|duration|interval|latency|elapsed|period|deadline|timestamp|uptime|size|"
                      r"memory|frequency|cost|overhead|age)$")


def check_units(tree):
    """A number that measures time or room says its unit; counts and indices are named by what they count."""
    for tag in tree.tags():
        path = tag["path"]
        if tag["kind"] not in ("local", "member", "parameter", "variable") or path.startswith("vmlinux/"):
            continue
        if not path.startswith(("user/", "bpf/", "include/", "tests/")) or not path.endswith((".c", ".h")):
            continue
        if not INTEGER.match(tag.get("typeref", "")) or not UNITLESS.search(tag["name"]):
            continue
        if not tree.allowed.has("unit", f'{path}:{tag["name"]}'):
            yield path, tag["line"], f'{tag["name"]} does not say its unit (_ns, _ms, _bytes, _cnt …)'


# Function: why not, and where it may be used nevertheless.
REFUSED = (
    (r"ato[ifl]|atoll", "no range check", ()),
    (r"strto(l|ll|ul|ull|imax|umax|d|f)", "read numbers with the room's own parser",
     ("user/base/", "user/config/", "user/cli/cli.c", "user/target/pattern.c", "user/target/process.c", "tests/")),
    (r"strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|alloca|scanf|sscanf|fscanf", "no bound", ()),
    (r"system|popen", "no shell", ("tests/",)),
    (r"exit|_exit|_Exit|quick_exit|abort|errx?|verrx?", "only main and cli end the process",
     ("user/main.c", "user/cli/", "tests/")),
    (r"signal", "signalfd", ("user/cli/", "tests/")),
    (r"rand|srand|random", "tests have a fixed seed, and nothing else is random", ()),
    (r"bzero|bcopy|index|rindex", "obsolete", ()),
)
# Calls that a kind of file may not make.
REFUSED_UNDER = (
    ("tests/unit/", r"sleep|usleep|nanosleep|clock_nanosleep", "unit tests have an injected clock"),
    ("bpf/", r"__builtin_clz(ll|l)?", "crashes clang 14's BPF back end: bucket.h"),
)


def check_calls(tree):
    rules = [(re.compile(rf"(?<![\w.>])({names})\s*\("), why, places, "") for names, why, places in REFUSED]
    rules += [(re.compile(rf"(?<![\w.>])({names})\s*\("), why, (), under) for under, names, why in REFUSED_UNDER]
    for path in tree.c_files():
        if path.startswith("tests/bpf/targets/"):
            continue
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            for pattern, why, places, under in rules:
                match = pattern.search(line)
                if not match or (places and path.startswith(places)) or not path.startswith(under):
                    continue
                if not tree.allowed.has("call", f"{path}:{match.group(1)}"):
                    yield path, number, f"{match.group(1)}: {why}"
