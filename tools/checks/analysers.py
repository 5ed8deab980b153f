# SPDX-License-Identifier: Apache-2.0
"""clang-format, cppcheck and clang-tidy. Results of clang-tidy are kept by the content of all that went into them."""
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess

CLANG_VERSION = 14
WORKERS = os.cpu_count() or 1
# Programs made to be traced break rules on purpose.
TARGETS = re.compile(r"^tests/(bpf/targets|fixtures)/")
DIAGNOSTIC = re.compile(r"^(.+?):(\d+):(?:\d+:)? (?:warning|error|fatal error|style|performance|portability): (.*)$",
                        re.M)


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                          check=False)
    return done.returncode, done.stdout, done.stderr


@functools.lru_cache(maxsize=None)
def find_clang_tool(name):
    """(path, version text) of the tool at the version that the project is formatted with, or (None, what is wrong)."""
    for candidate in (f"{name}-{CLANG_VERSION}", name):
        if shutil.which(candidate):
            version = run([candidate, "--version"])[1]
            match = re.search(r"version (\d+)", version)
            if match and int(match.group(1)) == CLANG_VERSION:
                return candidate, version
    return None, f"needs {name} {CLANG_VERSION}; `make deps` installs it"


def diagnostics(tree, output):
    """Those that are about files of the project, once each."""
    here = os.getcwd() + os.sep
    for path, line, what in DIAGNOSTIC.findall(output):
        path = os.path.normpath(path[len(here):] if path.startswith(here) else path)
        if path in tree.paths:
            yield path, int(line), what


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(work, items)


def check_format(tree):
    tool, version = find_clang_tool("clang-format")
    if not tool:
        yield "tools/check", 1, version
        return
    files = [p for p in tree.c_files() if not p.startswith("tests/fixtures/")]
    chunks = [files[i::WORKERS] for i in range(WORKERS)]
    runs = in_parallel(lambda chunk: run([tool, "--dry-run", "-Werror", *chunk]), [c for c in chunks if c])
    for _, _, errors in runs:
        first = {}
        for path, line, _ in diagnostics(tree, errors):
            first[path] = min(line, first.get(path, line))
        for path, line in first.items():
            yield path, line, f"not formatted: {tool} -i {path}"


CPPCHECK = ["cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability,style", "--inline-suppr",
            "--template={file}:{line}: {severity}: {message} ({id})", "-Iinclude", "-Iuser",
            '-DTICKSCOPE_VERSION="0"', "-DSEC(x)=", "-DLIBBPF_OPTS(t,n,...)=struct t n = {__VA_ARGS__}",
            # declarations stand at the top of a block; callbacks have the type they have; a value read through a
            # pointer counts as unread; the rest guesses
            "--suppress=variableScope", "--suppress=constParameter", "--suppress=constParameterCallback",
            "--suppress=unusedStructMember", "--suppress=unreadVariable", "--suppress=unknownMacro",
            "--suppress=unmatchedSuppression", "--suppress=missingInclude"]


def check_cppcheck(tree):
    if not shutil.which("cppcheck"):
        yield "tools/check", 1, "needs cppcheck; `make deps` installs it"
        return
    files = [p for p in tree.ending(".c") if not TARGETS.search(p)]
    if files:
        yield from diagnostics(tree, run([*CPPCHECK, f"-j{WORKERS}", *files])[2])


@functools.lru_cache(maxsize=None)
def user_flags(build):
    """What the Makefile compiles user space with; builds the skeletons that the sources include."""
    code, output, errors = run(["make", "-s", "--no-print-directory", f"BUILD={build}", "print-flags"])
    if code:
        raise SystemExit(f"tools/check: make print-flags: {errors.strip()[-500:]}")
    return [*output.split(), f"-I{build}/bench"]


def flags_of(tree, path):
    if path.startswith("bpf/") or path.endswith(".bpf.c"):
        return ["--target=bpf", "-mcpu=v3", "-O2", "-D__TARGET_ARCH_x86", "-Iinclude", "-Ivmlinux", "-Ibpf",
                "-Wno-unused-parameter"]
    return user_flags(tree.build)


def closure(tree, path, directories, seen):
    """All files of the project and its build that a file includes, itself among them."""
    if path in seen:
        return
    seen.add(path)
    text = tree.text(path)
    for name in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text or "", re.M):
        for directory in (os.path.dirname(path), *directories):
            candidate = os.path.normpath(os.path.join(directory, name))
            if os.path.isfile(candidate):
                closure(tree, candidate, directories, seen)
                break


def key_of(tree, path, flags, version):
    """A hash of all that decides about the findings in a file."""
    files = set()
    closure(tree, path, [f[2:] for f in flags if f.startswith("-I")], files)
    h = hashlib.sha256()
    for part in (version, " ".join(flags), tree.text(".clang-tidy"), *(tree.text(p) or "" for p in sorted(files))):
        h.update(part.encode() + b"\0")
    return h.hexdigest()


def tidy(tree, tool, version, path):
    """The findings in one file, from the store where nothing has changed."""
    flags = flags_of(tree, path)
    stored = os.path.join(tree.build, "check", key_of(tree, path, flags, version) + ".json")
    try:
        with open(stored, encoding="utf-8") as file:
            return stored, [tuple(f) for f in json.load(file)]
    except (OSError, ValueError):
        pass
    code, output, errors = run([tool, "--quiet", path, "--", *flags])
    findings = sorted(set(diagnostics(tree, output)))
    if code and not findings:
        return stored, [(path, 1, f"{tool} failed: {(output + errors).strip()[-300:]}")]
    temporary = f"{stored}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(findings, file)
    os.replace(temporary, stored)
    return stored, findings


def check_tidy(tree):
    tool, version = find_clang_tool("clang-tidy")
    if not tool:
        yield "tools/check", 1, version
        return
    user_flags(tree.build)  # once, before the workers ask
    os.makedirs(os.path.join(tree.build, "check"), exist_ok=True)
    files = [p for p in tree.ending(".c") if not TARGETS.search(p)]
    # It includes a skeleton that only `make bench` builds.
    files = [p for p in files if p != "tests/bench/empty_load.c" or os.path.isfile(f"{tree.build}/bench/empty.skel.h")]
    files.sort(key=os.path.getsize, reverse=True)
    kept = set()
    for stored, findings in in_parallel(lambda path: tidy(tree, tool, version, path), files):
        kept.add(os.path.basename(stored))
        yield from findings
    for name in os.listdir(os.path.join(tree.build, "check")):
        if name.endswith(".json") and name not in kept:
            os.unlink(os.path.join(tree.build, "check", name))
