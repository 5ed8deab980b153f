# SPDX-License-Identifier: Apache-2.0
"""Sizes that keep code readable: lines of a function and of a file, parameters."""
import re

FUNCTION_LINES, FUNCTION_LINES_HARD, PARAMETERS = 60, 100, 5
FILE_LINES = ((".c", 400), (".cc", 400), (".S", 400), (".py", 400), (".h", 150))
# vmlinux/ holds types that the kernel dictates.
FOREIGN = re.compile(r"^vmlinux/|^tests/fuzz/corpus/|^tests/fixtures/data/")


def parameter_cnt(signature):
    """Counts what commas outside of brackets separate."""
    inner, depth, cnt = signature.strip()[1:-1].strip(), 0, 1
    if inner in ("", "void"):
        return 0
    for c in inner:
        depth += (c in "([{<") - (c in ")]}>")
        cnt += c == "," and depth == 0
    return cnt


def check_files(tree):
    for suffix, limit in FILE_LINES:
        for path in tree.ending(suffix):
            lines = tree.text(path).count("\n")
            if not FOREIGN.search(path) and lines > limit and not tree.allowed.has("file-lines", path):
                yield path, lines, f"{lines} lines; a {suffix} file has at most {limit}"


def check(tree):
    yield from check_files(tree)
    for tag in tree.functions():
        if FOREIGN.search(tag["path"]):
            continue
        where, name = f'{tag["path"]}:{tag["name"]}', tag["name"]
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES_HARD:
            yield tag["path"], tag["line"], f"{name} has {lines} lines; {FUNCTION_LINES_HARD} are the most"
        elif lines > FUNCTION_LINES and not tree.allowed.has("function-lines", where):
            yield tag["path"], tag["line"], (f"{name} has {lines} lines; more than {FUNCTION_LINES} need a reason in "
                                             "tools/checks/allowed")
        parameters = parameter_cnt(tag.get("signature", "()"))
        if parameters > PARAMETERS and not tree.allowed.has("parameters", where):
            yield tag["path"], tag["line"], f"{name} has {parameters} parameters; {PARAMETERS} are the most"
