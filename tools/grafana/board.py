# SPDX-License-Identifier: Apache-2.0
"""Dashboards of Grafana as JSON: panels in rows, with one data source that the user chooses."""

# Grafana 11; newer ones migrate it when they load it.
SCHEMA_VERSION = 39
COLUMNS = 24
ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


class Source:
    """A kind of data source: how its queries, and its variables' queries, are written into a panel."""

    def __init__(self, plugin, name, target, variable):
        self.plugin, self.name, self.target, self.variable = plugin, name, target, variable
        self.reference = {"type": plugin, "uid": "${datasource}"}


def panel(kind, title, description, queries, **options):
    """What all kinds have. Options: unit, width, height, interval, decimals, mappings, thresholds, name, and more."""
    return {"kind": kind, "title": title, "description": description, "queries": queries, **options}


def graph(title, description, unit, *queries, **options):
    return panel("timeseries", title, description, queries, unit=unit, **options)


def stat(title, description, unit, *queries, **options):
    return panel("stat", title, description, queries, unit=unit, **{"width": 4, "height": 4, **options})


def table(title, description, *queries, **options):
    return panel("table", title, description, queries, **{"width": 24, "height": 9, **options})


def thresholds(*steps):
    """Colours from a value on; the first has none."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def field_config(spec):
    defaults = {"color": {"mode": "palette-classic" if spec["kind"] == "timeseries" else "thresholds"},
                "thresholds": spec.get("thresholds") or thresholds(("green", None)), "unit": spec.get("unit", "none")}
    for key in ("decimals", "mappings", "min", "max"):
        if key in spec:
            defaults[key] = spec[key]
    if spec.get("name"):
        defaults["displayName"] = spec["name"]
    if spec["kind"] == "timeseries":
        # A gap is a gap: nothing was counted there.
        defaults["custom"] = {"drawStyle": spec.get("style", "line"), "lineWidth": 1, "spanNulls": False,
                              "fillOpacity": 30 if spec.get("stacked") else 5, "showPoints": "auto",
                              "stacking": {"mode": "normal" if spec.get("stacked") else "none", "group": "A"}}
        if "min" not in spec:
            defaults["min"] = 0
    overrides = [{"matcher": {"id": "byRegexp", "options": columns},
                  "properties": [{"id": "unit", "value": unit}]} for columns, unit in spec.get("units", {}).items()]
    return {"defaults": defaults, "overrides": overrides}


def options_of(spec):
    if spec["kind"] == "timeseries":
        # No mean: a mean of percentiles is none.
        return {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                           "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"}}
    if spec["kind"] == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                "graphMode": spec.get("background", "area"), "justifyMode": "auto", "textMode": "auto"}
    return {"cellHeight": "sm", "showHeader": True, "footer": {"show": False, "reducer": [], "fields": ""}}


def panel_json(source, spec, number, place):
    made = {"id": number, "type": spec["kind"], "title": spec["title"], "description": spec["description"],
            "datasource": source.reference, "gridPos": place, "fieldConfig": field_config(spec),
            "options": options_of(spec), "targets": []}
    if spec.get("interval"):
        made["interval"] = spec["interval"]
    if spec.get("transformations"):
        made["transformations"] = spec["transformations"]
    for i, query in enumerate(spec["queries"]):
        made["targets"].append({"refId": chr(ord("A") + i), "datasource": source.reference,
                                **source.target(query, spec["kind"])})
    return made


def row_json(title, number, at_y):
    return {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": at_y, "w": COLUMNS, "h": 1}}


def place_all(source, sections):
    """Left to right, then down; a section begins with its row."""
    made, y, number = [], 0, 0
    for title, specs in sections:
        number += 1
        made.append(row_json(title, number, y))
        y, x, height = y + 1, 0, 0
        for spec in specs:
            width, number = spec.get("width", 12), number + 1
            if x + width > COLUMNS:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": width, "h": spec.get("height", 9)}
            made.append(panel_json(source, spec, number, place))
            x, height = x + width, max(height, place["h"])
        y += height
    return made


def query_variable(source, name, label, query):
    made = {"name": name, "label": label, "type": "query", "datasource": source.reference, "query": query,
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "current": ALL, "hide": 0, "regex": ""}
    made.update(source.variable(query))
    return made


def datasource_variable(source):
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": source.plugin, "refresh": 1,
            "multi": False, "includeAll": False, "current": {}, "hide": 0, "regex": ""}


def choice_variable(name, label, choices):
    """choices: (text, value), the first one is chosen."""
    entries = [{"text": text, "value": value, "selected": i == 0} for i, (text, value) in enumerate(choices)]
    return {"name": name, "label": label, "type": "custom", "query": ",".join(f"{t} : {v}" for t, v in choices),
            "options": entries, "current": entries[0], "multi": False, "includeAll": False, "hide": 0}


def board_json(source, board, variables, annotations=()):
    return {
        "uid": f"tickscope-{source.name}-{board['name']}",
        "title": f"tickscope / {board['title']} ({board['with']})",
        "description": board["description"],
        "tags": ["tickscope", source.name],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "10s",
        "timepicker": {"refresh_intervals": ["5s", "10s", "30s", "1m", "5m"]},
        "fiscalYearStartMonth": 0,
        "links": [{"title": "tickscope", "type": "dashboards", "tags": ["tickscope", source.name], "asDropdown": True,
                   "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link", "url": ""}],
        "annotations": {"list": list(annotations)},
        "templating": {"list": variables},
        "panels": place_all(source, board["sections"]),
    }
