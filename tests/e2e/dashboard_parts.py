# SPDX-License-Identifier: Apache-2.0
"""Dashboards and rules as they are installed, what they name, and their queries with variables filled in."""
import glob
import json
import os
import re
import sys

# Debian's modules, whichever interpreter runs this.
sys.path.append("/usr/lib/python3/dist-packages")
import yaml  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
DEPLOY = os.path.join(ROOT, "deploy")
DASHBOARDS = os.path.join(DEPLOY, "grafana/dashboards")
RULES = sorted(glob.glob(os.path.join(DEPLOY, "prometheus/*.rules.yaml")))


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def dashboards(kind=None):
    """Name (prometheus/overview …) -> dashboard."""
    return {os.path.relpath(path, DASHBOARDS)[:-len(".json")]: json.loads(text_of(path))
            for path in sorted(glob.glob(os.path.join(DASHBOARDS, kind or "*", "*.json")))}


def panels(board):
    return [p for p in board["panels"] if p["type"] != "row"]


def variables(board):
    return {v["name"]: v for v in board["templating"]["list"]}


def promql(board):
    """(panel's title, expression) of each query, those of the variables among them."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in variables(board).values():
        if variable["type"] == "query":
            yield f"variable {variable['name']}", re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).group(1)


def sql(board):
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["rawSql"]
    for variable in variables(board).values():
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["target"]["rawSql"]


def rules():
    """(file, group, rule)."""
    for path in RULES:
        for group in yaml.safe_load(text_of(path))["groups"]:
            for rule in group["rules"]:
                yield os.path.basename(path), group["name"], rule


# ---- what Grafana and its plugins make of a query ----

ALL = "$__all"


def render_promql(expression, chosen, rate_interval="1m"):
    """chosen: name of a variable -> its values. Those that it does not name are All: .+"""
    text = expression.replace("$__rate_interval", rate_interval).replace("$__interval", rate_interval)

    def fill(match):
        values = chosen.get(match.group(1))
        if not values:
            return ".+"
        escaped = [re.sub(r'([\\.+*?()|\[\]{}^$])', r"\\\\\1", value).replace('"', '\\"') for value in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"

    return re.sub(r"\$(\w+)", fill, text)


def macro_arguments(text, at):
    """Of a macro whose bracket is at this place: [argument …], and where it ends. As the plugin splits them."""
    depth, begin, found = 0, at + 1, []
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if text[i] == "," and depth == 1 or depth == 0:
            found.append(text[begin:i])
            begin = i + 1
        if depth == 0:
            return found, i + 1
    raise AssertionError(f"a bracket is open: {text[at:]}")


def conditional_all(text, chosen):
    macro = "$__conditionalAll("
    while (at := text.rfind(macro)) != -1:
        (condition, variable), end = macro_arguments(text, at + len(macro) - 1)
        name = re.fullmatch(r" ?\$(\w+)", variable).group(1)
        text = text[:at] + (condition if chosen.get(name) else "1=1") + text[end:]
    return text


def render_sql(statement, chosen, span, interval_s):
    """span: (from, to) in us; chosen as above, and `buckets`, a single value."""
    text = conditional_all(statement, chosen)
    text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 >= cast({span[0]} as timestamp) AND "
                  rf"\1 <= cast({span[1]} as timestamp)", text)
    text = text.replace("$__sampleByInterval", f"{interval_s}s").replace("$__interval_ms", str(1000 * interval_s))

    def quote(match):
        return ",".join("'" + value.replace("'", "''") + "'" for value in chosen[match.group(1)])

    text = re.sub(r"\$\{(\w+):sqlstring\}", quote, text).replace("${buckets}", chosen.get("buckets", "tickscope_bucket"))
    assert "$" not in text, text
    return text


# ---- what the program's sources name ----

def families():
    """Names of the families that the agent can show -> whether each is a histogram."""
    found = {}
    for path in ("user/sink/prometheus_families.c", "user/sink/prometheus_gauges.c"):
        source = text_of(path)
        for match in re.finditer(r'(HISTOGRAM\(\s*|\{\{|\{|(?<=\s))"([a-z][a-z0-9_]+)",', source):
            before, name = match.group(1).strip(), match.group(2)
            if before in ("HISTOGRAM(", "{{") or name.startswith("tickscope_"):
                is_histogram = re.match(r"[^}]*PROMETHEUS_HISTOGRAM", source[match.end():])
                found[name] = before == "HISTOGRAM(" or bool(is_histogram)
    return found


def tables():
    """Name of each table and view in QuestDB -> its columns."""
    source = text_of("user/sink/questdb_tables.c")
    columns = {name: {"timestamp", *re.findall(r'\{"(\w+)", QUESTDB_\w+', body)} for name, body in
               re.findall(r"static const struct questdb_column (\w+)\[\] = \{(.*?)\n\};", source, re.S)}
    found = {name: columns[array] for name, array in re.findall(r'\{"(\w+)", "\w+", "[^"]+", (\w+),', source)}
    for name, base, rest in re.findall(r'\{"(\w+_1h)", (QUESTDB_\w+),(.*?)\},\n', source, re.S):
        query = "".join(re.findall(r'"([^"]*)"', rest))
        found[name] = set(re.findall(r"\w+", query.split(" FROM ")[0]))
    return found


def words():
    """Every literal of the program's sources: names of values, kinds of events."""
    return {word for path in glob.glob(os.path.join(ROOT, "user/**/*.c"), recursive=True)
            for word in re.findall(r'"([a-z][a-z0-9_]*)"', text_of(path))}
