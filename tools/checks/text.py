# SPDX-License-Identifier: Apache-2.0
"""What holds for every line of text, and for scripts."""
import ast
import re
import subprocess

from tree import line_of

# Written so that this file does not contain what it looks for.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
FORBIDDEN = (
    (re.compile(r"(?<![\w.\"'})])/(work|root|home/\w+|Users/\w+)/"), "an absolute path of somebody's machine"),
    (re.compile(r"\b(registry\.npmjs\.org|pypi\.org|files\.pythonhosted\.org|proxy\.golang\.org|(static\.)?crates"
                r"\.io|rubygems\.org|(deb|security|snapshot)\.debian\.org|archive\.ubuntu\.com)\b"),
     "the host of a package registry: the machine's own configuration names it"),
    (re.compile(r"READ[-_]ME" r"[-_]FIRST|\byou are an? (engineer|helper|assistant|AI)\b|\bas an AI\b|"
                r"\bsystem " r"prompt\b|\bcoding (agent|session)\b", re.I), "text of a working session"),
)
# Whole files of foreign text.
FOREIGN = re.compile(r"^LICENSES/|^tests/fuzz/corpus/|^tests/fixtures/data/")
OPENS_WITH_COMMENT = re.compile(r"\s*(/\*|//)")


def check_lines(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield path, number, "trailing white space"
        marker = MARKERS.search(line)
        if marker:
            yield path, number, f"{marker.group()}: open an issue instead"
        for pattern, what in FORBIDDEN:
            match = pattern.search(line)
            if match:
                yield path, number, f"{match.group()!r} is {what}"


def check(tree):
    for path in tree.paths:
        text = tree.text(path)
        if text is None or FOREIGN.search(path):
            continue
        if text and not text.endswith("\n"):
            yield path, line_of(text, len(text)), "no line feed at the end"
        if text.endswith("\n\n"):
            yield path, line_of(text, len(text)) - 1, "empty line at the end"
        yield from check_lines(path, text)
    for path in tree.ending(".c", ".h", ".cc"):
        after_licence = tree.text(path).split("\n", 1)[-1]
        if not OPENS_WITH_COMMENT.match(after_licence):
            yield path, 2, "a file opens with a comment that says its job"


def check_scripts(tree):
    """They parse; that bash scripts stop at the first failure is part of it."""
    for path in tree.paths:
        kind = tree.interpreter(path)
        if kind == "python3":
            try:
                ast.parse(tree.text(path), path)
            except SyntaxError as error:
                yield path, error.lineno or 1, f"python: {error.msg}"
        elif kind:
            run = subprocess.run([kind, "-n", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 check=False)
            for message in run.stderr.splitlines():
                match = re.search(r"line (\d+): (.*)", message)
                yield path, int(match.group(1)) if match else 1, f"{kind}: {match.group(2) if match else message}"
            commands = [line for line in tree.text(path).split("\n") if line.strip() and not line.startswith("#")]
            if len(commands) > 1 and not re.match(r"set -\S*e", commands[0]):
                yield path, 1, "a script of more than one command begins with `set -euo pipefail`"
