# SPDX-License-Identifier: Apache-2.0
"""The rooms and arrows of the project, proved from #include lines. This table is the structure; see README.md."""
import fnmatch
import os
import re

# Room: the other rooms it may include. include/tickscope is open to all. An arrow that is not here does not exist.
ROOMS = {
    "vmlinux": "",
    "include": "",
    "bpf": "vmlinux",
    "base": "",
    "config": "base",
    "target": "base config",
    "probe": "base config target",
    "protocol": "base config",
    "measure": "base",
    "judge": "base config measure",
    "store": "base config measure judge",
    "sink": "base config measure judge store",
    "wire": "base config measure judge",
    "notify": "base config measure judge store wire",
    "serve": "base config measure judge store wire",
    "daemon": "base config target probe protocol measure judge store wire sink notify serve",
    "cli": "base config target probe protocol measure judge store wire sink daemon",
    "main": "cli",
}

# No I/O, no clock, no sockets: these rooms see nothing else of the system.
PURE_ROOMS = ("measure", "judge", "protocol")
PURE_HEADERS = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h",
                "stddef.h", "stdint.h", "stdlib.h", "string.h"}
PURE_BARRED = ("user/base/clock.h",)  # base/time_units.h has the constants alone
PURE_CALLS = re.compile(r"\b(time|clock|clock_gettime|gettimeofday|getenv|secure_getenv|system|rand|random|exit|"
                        r"open|read|write|printf|fprintf|fopen|socket)\s*\(")

# Foreign headers: the places that may include them.
EXCLUSIVE = (
    ("bpf/*", ("bpf/", "user/probe/", "tests/bench/", "tests/bpf/late_hook.c")),
    ("*.skel.h", ("user/probe/", "tests/bench/")),
    ("linux/bpf.h", ("user/probe/", "user/base/sandbox.c", "tests/unit/test_sandbox.c", "tests/bench/",
                     "tests/bpf/late_hook.c")),
    ("libelf.h", ("user/target/", "tests/")),
    ("gelf.h", ("user/target/", "tests/")),
    ("dwarf.h", ("user/target/", "tests/")),
    ("elfutils/*", ("user/target/", "tests/")),
    ("Zydis/*", ("user/target/", "tests/")),
    ("libiberty/*", ("user/target/", "tests/")),
    ("lzma.h", ("user/target/", "tests/")),
    ("hiredis/*", ("user/sink/redis.c",)),
    ("hiredis.h", ("user/sink/redis.c",)),
    ("sqlite3.h", ("user/store/", "tests/")),
    ("microhttpd.h", ("user/serve/",)),
    ("curl/*", ("user/base/curl_handle.", "user/sink/", "user/notify/", "user/daemon/")),
    ("libfyaml.h", ("user/config/",)),
    ("cap-ng.h", ("user/base/capability.c",)),
    ("seccomp.h", ("user/base/sandbox.c",)),
    ("openssl/*", ("user/notify/", "tests/")),
    ("curses.h", ("user/cli/",)),
    ("ncurses*", ("user/cli/",)),
    ("cmocka.h", ("tests/",)),
)

# What the kernel's side and the shared headers may see.
SEALED = {"bpf": ("bpf/*", "tickscope/*", "vmlinux.h"), "include": ("tickscope/*", "linux/types.h"), "vmlinux": ()}


def room_of(path):
    parts = path.split("/")
    if parts[0] == "user":
        return os.path.splitext(parts[1])[0] if len(parts) == 2 else parts[1]
    return parts[0] if parts[0] in ("bpf", "include", "vmlinux") else None


def resolve(tree, path, is_angle, name):
    """The file of the project that an #include means, or None for one of the system."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in ([] if is_angle else [beside]) + [f"include/{name}", f"user/{name}", f"vmlinux/{name}"]:
        if candidate in tree.paths:
            return candidate
    return None


def check_foreign(path, room, name):
    for pattern, places in EXCLUSIVE:
        if fnmatch.fnmatch(name, pattern) and not path.startswith(places):
            return f"<{name}> belongs to {' and '.join(places)} only"
    if room in PURE_ROOMS and name not in PURE_HEADERS:
        return f"<{name}> in {room}, which is pure: tools/checks/rooms.py lists what it may include"
    if room in SEALED and not any(fnmatch.fnmatch(name, pattern) for pattern in SEALED[room]):
        return f"<{name}> in {room}, which sees only {', '.join(SEALED[room]) or 'itself'}"
    return None


def check_arrow(tree, path, room, target):
    to = room_of(target)
    if os.path.basename(target) == "internal.h" and to != room and room:
        return f'"{target}" is private to {to}'
    if room in PURE_ROOMS and target in PURE_BARRED:
        return f'"{target}" in {room}, which is pure'
    if room is None or to is None or to == room or (to == "include" and room != "vmlinux"):
        return None
    if to not in ROOMS[room].split():
        return f"{room} may not include {to} ({ROOMS[room] or 'nothing'}): tools/checks/rooms.py"
    return None


def check_pure(tree):
    for room in PURE_ROOMS:
        for path in tree.c_files(f"user/{room}/"):
            for number, line in enumerate(tree.code(path).split("\n"), 1):
                call = PURE_CALLS.search(line)
                if call:
                    yield path, number, f"{call.group(1)}() in {room}, which is pure"


def check(tree):
    for path in tree.ending(".c", ".h", ".cc", ".S"):
        room = room_of(path)
        if path.startswith("user/") and room not in ROOMS:
            yield path, 1, f"{room} is no room: tools/checks/rooms.py has the table"
            continue
        for line, is_angle, name in tree.includes(path):
            target = resolve(tree, path, is_angle, name)
            problem = check_arrow(tree, path, room, target) if target else check_foreign(path, room, name)
            if problem:
                yield path, line, problem
    yield from check_pure(tree)
