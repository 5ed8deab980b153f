# SPDX-License-Identifier: Apache-2.0
"""The manual and the README against the program: options, members of the JSON, links, make targets, gaps."""
import os
import re

MANUAL = "man/tickscope.1"
OPTION = re.compile(r'\{"([a-z][a-z-]*)", (?:no|required|optional)_argument')
MEMBER = re.compile(r'json_object_set_new\(\w+, "(\w+)"|^\t+\{"(\w+)", \(int64_t\)|(?<=")(\w+)"(?=, (?:d->|f->|o->|\(json|'
                    r'probe_|yes_|process_|levels_|costs_|capabilities_|exits_|c->|l->))', re.M)
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")
PLACEHOLDER = re.compile(r"^@[A-Z]+@$|^<!-- output:")
TARGET = re.compile(r"`make ([a-z][a-z0-9-]*)")


def manual_words(text):
    """The words of the manual, with the escapes of roff taken out."""
    return re.sub(r"\\f[A-Z]|\\&", "", text.replace("\\-", "-"))


def check_manual(tree):
    manual = manual_words(tree.text(MANUAL))
    for path in tree.ending(".c", under="user/cli/"):
        text = tree.text(path)
        for match in OPTION.finditer(text):
            if not re.search(rf"--{match.group(1)}\b|Fl -{match.group(1)}\b", manual):
                yield MANUAL, 1, f"the option --{match.group(1)} of {path} is not described"
        for match in MEMBER.finditer(text):
            member = match.group(1) or match.group(2) or match.group(3)
            if not re.search(rf"(?<!\w){member}(?!\w)", manual):
                yield MANUAL, 1, f"the member {member} of the JSON of {path} is not described"


def make_targets(tree):
    names = set()
    for path in tree.paths:
        if os.path.basename(path) in ("Makefile", "rules.mk"):
            names |= set(re.findall(r"^([a-z][a-z0-9-]*):", tree.text(path), re.M))
    return names


def check_markdown(tree, path, targets):
    text = tree.text(path)
    for number, line in enumerate(text.split("\n"), 1):
        if PLACEHOLDER.search(line):
            yield path, number, f"{line}: measured output belongs here"
        for match in LINK.finditer(line):
            linked = os.path.normpath(os.path.join(os.path.dirname(path), match.group(1)))
            if not os.path.exists(linked):
                yield path, number, f"the link {match.group(1)} leads nowhere"
        for match in TARGET.finditer(line):
            if match.group(1) not in targets:
                yield path, number, f"there is no `make {match.group(1)}`"


def check(tree):
    if MANUAL not in tree.paths:
        yield MANUAL, 1, "the manual is missing"
        return
    yield from check_manual(tree)
    targets = make_targets(tree)
    for path in tree.ending(".md"):
        yield from check_markdown(tree, path, targets)
