# SPDX-License-Identifier: Apache-2.0
"""Every file names its licence, the right one for its place: what the kernel loads is GPL-compatible."""
import re

KERNEL = "GPL-2.0-only OR BSD-2-Clause"
SHARED = f"({KERNEL}) OR Apache-2.0"
USER = "Apache-2.0"

# First match wins.
PLACES = (
    (re.compile(r"^(bpf|vmlinux)/|\.bpf\.[ch]$"), KERNEL),
    (re.compile(r"^include/tickscope/"), SHARED),
    (re.compile(r""), USER),
)

# Files that cannot hold a comment, or are read as they stand.
WITHOUT = re.compile(r"^LICENSES/|^(LICENSE|NOTICE|VERSION|\.gitignore|\.clang-(format|tidy))$|\.(md|json|svg|png|pdf)$|/go\.sum$|"
                     r"^tests/(fuzz/corpus|fixtures/data)/")
IDENTIFIER = "SPDX-License" + "-Identifier: "
TEXTS = ("Apache-2.0", "GPL-2.0-only", "BSD-2-Clause")


def wanted(path):
    return next(licence for place, licence in PLACES if place.search(path))


def stated(text):
    """The licence named in the first two lines (after a shebang), without the comment's end."""
    for line in text.split("\n")[:2]:
        if IDENTIFIER in line:
            return re.sub(r"\s*(\*/|-->)\s*$", "", line.split(IDENTIFIER, 1)[1]).strip()
    return None


def check(tree):
    for path in tree.paths:
        text = tree.text(path)
        if text is None or WITHOUT.search(path):
            continue
        licence = stated(text)
        if licence is None:
            yield path, 1, f"no SPDX line; here it is {IDENTIFIER}{wanted(path)}"
        elif licence != wanted(path):
            yield path, 1, f"licence {licence!r}; here it is {wanted(path)!r}"
    for name in TEXTS:
        if f"LICENSES/{name}.txt" not in tree.paths:
            yield f"LICENSES/{name}.txt", 1, "the text of this licence is missing"
