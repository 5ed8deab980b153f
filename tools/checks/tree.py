# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, read once, and what several checks need to know about them."""
import functools
import json
import os
import re
import subprocess

ALLOWED = "tools/checks/allowed"

# Comments, strings and character constants; whichever begins first wins.
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
SHEBANG = re.compile(r"#!\s*\S*?(bash|sh|python3)\b|#!\s*/usr/bin/env (bash|sh|python3)\b")


class Allowed:
    """tools/checks/allowed: `RULE PATH[:NAME] REASON…` on each line."""

    def __init__(self):
        self.entries, self.used, self.broken = {}, set(), []
        with open(ALLOWED, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.startswith("#") or not line.strip():
                    continue
                words = line.split(None, 2)
                if len(words) < 3:
                    self.broken.append((ALLOWED, number, "an exception is RULE PATH[:NAME] REASON"))
                else:
                    self.entries[words[0], words[1]] = number

    def has(self, rule, where):
        if (rule, where) not in self.entries:
            return False
        self.used.add((rule, where))
        return True

    def unused(self):
        stale = [(ALLOWED, number, f"the exception {rule} {where} is not needed any more")
                 for (rule, where), number in self.entries.items() if (rule, where) not in self.used]
        return self.broken + stale


def list_paths(build):
    """All files of the project that git tracks or would track; without git, all that are there."""
    try:
        output = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        found = [p for p in output.decode("utf-8", "surrogateescape").split("\0") if p]
    except (OSError, subprocess.CalledProcessError):
        found = []
        for directory, directories, files in os.walk("."):
            directories[:] = [d for d in directories if d not in (".git", "__pycache__") and not d.startswith("build")]
            found += [os.path.relpath(os.path.join(directory, f), ".") for f in files]
    inside = os.path.relpath(build, ".") + os.sep
    return sorted({p for p in found if os.path.isfile(p) and not p.startswith(inside)})


class Tree:
    def __init__(self, build):
        self.build = build
        self.paths = list_paths(build)
        self.allowed = Allowed()

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        """The file as text; None where it is not UTF-8 (a fixture, a seed of a fuzzer)."""
        with open(path, "rb") as file:
            data = file.read()
        try:
            return None if b"\0" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        """C or C++ with comments, strings and character constants blanked out; lines stay where they are."""
        return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), self.text(path))

    def ending(self, *endings, under=""):
        return [p for p in self.paths if p.startswith(under) and p.endswith(endings) and self.text(p) is not None]

    def c_files(self, under=""):
        return self.ending(".c", ".h", under=under)

    def includes(self, path):
        """(line, is_angle, name) of each #include. Read from the raw text, since names look like strings."""
        raw, code = self.text(path), self.code(path)
        for match in INCLUDE.finditer(raw):
            if "#" in code[match.start():match.end()]:
                yield line_of(raw, match.start()), match.group(1) == "<", match.group(2)

    def interpreter(self, path):
        """bash, sh or python3 for a script, else None."""
        raw = self.text(path)
        match = SHEBANG.match(raw) if raw else None
        if match:
            return match.group(1) or match.group(2)
        return "python3" if path.endswith(".py") else None

    @functools.lru_cache(maxsize=None)
    def tags(self):
        """What ctags knows: a list of dicts (name, path, line, end, kind, signature, typeref, file)."""
        files = self.ending(".c", ".h", ".cc")
        kinds = ["--kinds-C=+fpzlmv", "--kinds-C++=+f"]
        try:
            run = subprocess.run(["ctags", "--options=NONE", "--output-format=json", "--sort=no", "--fields=+neStK",
                                  *kinds, "-f", "-", "-L", "-"], input="\n".join(files), text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(f"tools/check: needs universal-ctags: {error}; `make deps` installs it") from error
        tags = [json.loads(line) for line in run.stdout.splitlines()]
        return [tag for tag in tags if tag["_type"] == "tag"]

    def functions(self, under=""):
        return [t for t in self.tags() if t["kind"] == "function" and t["path"].startswith(under)]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
