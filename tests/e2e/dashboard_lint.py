# SPDX-License-Identifier: Apache-2.0
"""What a dashboard has to be: the rules of Grafana's dashboard-linter, and of ours. Each check yields what is wrong."""
import re

from dashboard_parts import families, panels, promql, rules, sql, tables, variables, words

# Of Grafana's valueFormats, those that fit here.
UNITS = {"none", "short", "s", "ms", "ns", "bytes", "Bps", "percent", "percentunit", "ops", "reqps", "cps", "pps", "wps"}
SELECTOR = re.compile(r'(?<![\w:"])([a-zA-Z_:][\w:]*)\{([^}]*)\}(?:\[([^\]]*)\])?|(?<![\w:"$])((?:\w+:)+[\w:]+)(?![\w:{"])')
RATES = r"(?:rate|irate|increase)\("
# Of Prometheus itself.
THEIRS = {"up", "scrape_duration_seconds", "ALERTS"}
PARTS = ("_bucket", "_count", "_sum")


def check_board(name, board):
    source, short = name.split("/")
    if board.get("uid") != f"tickscope-{source}-{short}" or len(board["uid"]) > 40:
        yield f"its uid is {board.get('uid')!r}"
    if "id" in board:
        yield "it has an id: that belongs to one Grafana's database"
    if board.get("editable") is not False:
        yield "it is editable"
    if not isinstance(board.get("schemaVersion"), int) or board["schemaVersion"] < 36:
        yield f"its schemaVersion is {board.get('schemaVersion')!r}"
    if "tickscope" not in board["tags"] or not board["description"] or not board["title"]:
        yield "it has no title, description or tag"


def check_variables(name, board):
    found = variables(board)
    source = found.get("datasource")
    if not source or source["type"] != "datasource" or source["label"] != "Data source":
        yield "it has no variable datasource, labelled Data source"
    for needed in ("job", "instance") if name.startswith("prometheus/") else ("host",):
        variable = found.get(needed)
        if not variable or variable["type"] != "query" or variable["label"] != needed.title():
            yield f"it has no variable {needed}, labelled {needed.title()}"
        elif name.startswith("prometheus/") and variable.get("allValue") != ".+":
            yield f"All of the variable {needed} is not .+"
    for variable in found.values():
        if variable["type"] != "query":
            continue
        if variable["refresh"] != 2:
            yield f"the variable {variable['name']} is not read again when the time changes"
        if not variable["multi"] or not variable["includeAll"] or variable["datasource"]["uid"] != "${datasource}":
            yield f"the variable {variable['name']} takes one value only, or another data source"
    used = set(re.findall(r"\$\{?(\w+)", " ".join(q for _, q in (promql if name.startswith("prom") else sql)(board))))
    for word in sorted(used - set(found)):
        if not word.startswith("__"):
            yield f"there is no variable ${word}"
    for word in sorted(set(found) - used - {"datasource"}):
        yield f"no query uses the variable {word}"


def check_panels(board):
    for panel in panels(board):
        title = panel.get("title")
        if not title or not panel.get("description"):
            yield f"the panel {title!r} has no title or description"
        if panel["type"] not in ("timeseries", "stat", "table"):
            yield f"{title}: {panel['type']} is not a kind that is checked here"
        if not panel.get("targets"):
            yield f"{title}: no query"
        for part in (panel, *panel["targets"]):
            if part["datasource"]["uid"] != "${datasource}":
                yield f"{title}: it does not use the chosen data source"
        unit = panel["fieldConfig"]["defaults"].get("unit")
        if unit not in UNITS:
            yield f"{title}: the unit {unit!r}"
        for override in panel["fieldConfig"]["overrides"]:
            for change in override["properties"]:
                if change["id"] == "unit" and change["value"] not in UNITS:
                    yield f"{title}: the unit {change['value']!r}"
        if "mean" in str(panel["options"].get("legend")):
            yield f"{title}: a mean of percentiles is none"
    titles = [panel["title"] for panel in panels(board)]
    yield from (f"two panels {title!r}" for title in {t for t in titles if titles.count(t) > 1})


def check_places(board):
    taken, ids = {}, set()
    for panel in board["panels"]:
        if panel["id"] in ids:
            yield f"two panels {panel['id']}"
        ids.add(panel["id"])
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: wider than the page"
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])):
            if cell in taken:
                yield f"{panel['title']} covers {taken[cell]}"
                return
            taken[cell] = panel["title"]


def selectors(expression):
    """(name, matchers, range or None, what stands before it)."""
    if re.fullmatch(r"\w+", expression):
        yield expression, "", None, ""
    for match in SELECTOR.finditer(expression):
        yield match.group(1) or match.group(4), match.group(2) or "", match.group(3), expression[:match.start()]


def unknown_family(name, recorded):
    known = families()
    if name in THEIRS or name in recorded or known.get(name) is False:
        return False
    return not any(name.endswith(part) and known.get(name[:-len(part)]) for part in PARTS)


def is_counter(name):
    return name.endswith("_total") or any(name.endswith(part) and families().get(name[:-len(part)]) for part in PARTS)


def check_promql(board):
    recorded = {rule.get("record") for _, _, rule in rules()}
    for title, expression in promql(board):
        found = list(selectors(expression))
        if not found:
            yield f"{title}: no metric in {expression}"
        for name, matchers, window, before in found:
            if unknown_family(name, recorded):
                yield f"{title}: no family {name}"
            for needed in ("job", "instance"):
                if f'{needed}=~"${needed}"' not in matchers and not title.startswith("variable"):
                    yield f"{title}: {name} is not limited by {needed}"
            if window not in (None, "$__rate_interval"):
                yield f"{title}: a range of {window}, not $__rate_interval"
            is_rate = re.search(RATES + r"$", before) is not None
            if is_counter(name) != (is_rate and window is not None) and not title.startswith("variable") \
                    and not re.search(r"\bcount\($", before):
                yield f"{title}: {name} is {'a counter without a rate' if is_counter(name) else 'no counter, and has a rate'}"


def check_sql(board):
    known, literals = tables(), words()
    for title, statement in sql(board):
        if "$__timeFilter(timestamp)" not in statement:
            yield f"{title}: not limited to the time that is shown"
        bare = re.sub(r"'[^']*'|\$\{?\w+(:\w+)?\}?", " ", statement)
        used = re.findall(r"\bFROM (\w+)", bare)
        with_names = set(re.findall(r"\b(\w+) AS \(", bare))
        columns = set().union(*(known.get(table, set()) for table in used))
        if "${buckets}" in statement:
            columns |= known["tickscope_bucket"] & known["tickscope_bucket_1h"]
        aliases = set(re.findall(r"\bAS (\w+)", bare)) | with_names
        for table in set(used) - with_names:
            if table not in known:
                yield f"{title}: no table {table}"
        for word in sorted(set(re.findall(r"(?<![\w.])[a-z]\w*\b(?!\()", bare)) - columns - aliases - set(known)):
            yield f"{title}: no column {word}"
        for listed in re.findall(r"\b(?:name|kind) IN \(([^)]*)\)", statement):
            for word in re.findall(r"'(\w+)'", listed):
                if word not in literals and word not in ("span", "chain"):
                    yield f"{title}: nothing in the program is called {word}"


def check_rules():
    """Families that rules name, and records that they need."""
    every = list(rules())
    recorded = {rule["record"] for _, _, rule in every if "record" in rule}
    for file, _, rule in every:
        what = f"{file}: {rule.get('record') or rule['alert']}"
        bare = re.sub(r'"[^"]*"', '""', rule["expr"])
        bare = re.sub(r"\b(?:by|without|on|ignoring|group_left)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", " ", bare)
        for name in re.findall(r"(?<![\w:])[a-z_][\w:]*(?![\w:]|\s*\()", bare):
            if name not in ("and", "or", "unless", "by", "without", "on") and unknown_family(name, recorded):
                yield f"{what}: no family or record {name}"
        if "record" in rule and not re.fullmatch(r"[a-z_]+:\w+:\w+", rule["record"]):
            yield f"{what}: not level:metric:operations"
        if "alert" in rule:
            if rule["labels"].get("severity") not in ("critical", "warning", "info"):
                yield f"{what}: severity {rule['labels'].get('severity')}"
            if not rule["annotations"].get("summary") or not rule["annotations"].get("description"):
                yield f"{what}: no summary or description"


def check(name, board):
    yield from check_board(name, board)
    yield from check_variables(name, board)
    yield from check_panels(board)
    yield from check_places(board)
    yield from check_promql(board) if name.startswith("prometheus/") else check_sql(board)
