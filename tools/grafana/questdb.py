# SPDX-License-Identifier: Apache-2.0
"""The dashboards for QuestDB: rows of every window, and percentiles merged from its buckets."""
from board import (Source, board_json, choice_variable, datasource_variable, graph, query_variable, stat, table,
                   thresholds)
from questdb_sql import (REQUESTS, WHOLE, chosen, label, of_kinds, per_second, percentile_table, percentiles, ratio, sampled,
                         values, where)

TIME_SERIES, TABLE = 0, 1
# A window of the agent; rows of buckets are of a minute.
WINDOW, MINUTE = "10s", "1m"

EXACT = ("Merged from the histograms of all chosen hosts, targets and labels: within 0.4 % of the exact percentile, never "
         "averaged. One point a minute at the finest; calls too few for a percentile have none.")
OPERATION = "${__field.labels.operation}"
TARGET = "${__field.labels.host} ${__field.labels.target}"
FUNCTIONS = ("function", "span", "chain")


def target(sql, kind):
    is_table = kind == "table"
    shape = TABLE if is_table else TIME_SERIES
    return {"queryType": "sql", "rawSql": sql, "format": shape, "selectedFormat": shape}


SOURCE = Source("questdb-questdb-datasource", "questdb", target, lambda _: {})


def latency(title, name, keys, conditions, display, **options):
    description = f"{name} of each. {EXACT}"
    return graph(title, description, "s", percentiles(keys, conditions, (name,)), name=display, interval=MINUTE, **options)


def rows(title, description, unit, keys, value, conditions, **options):
    return graph(title, description, unit, sampled("tickscope_latency", keys, [value], conditions), interval=WINDOW,
                 **options)


def value_graph(title, description, unit, query, **options):
    return graph(title, description, unit, query, interval=WINDOW, **options)


def operation_table(title, keys, conditions):
    return table(title, f"The whole time that is shown. {EXACT}", percentile_table(keys, conditions),
                 units={"p50|p95|p99": "s", "calls": "short"})


ALERTS = table(
    "Alerts", "What the agents' rules and contracts found in this time, newest first.",
    "SELECT timestamp, host, service, operation, severity, rule, status, metric, actual, threshold, duration_ns / 1e9 AS "
    f"duration FROM alert_history WHERE {where(*chosen('host'))} ORDER BY timestamp DESC LIMIT 200",
    units={"duration": "s"})
EVENTS = table(
    "Events", "What the agents did: started, attached, lost a target, read their configuration again.",
    f"SELECT timestamp, host, kind, target, text FROM tickscope_event WHERE {where(*chosen('host'))} "
    "ORDER BY timestamp DESC LIMIT 200")


def overview():
    calls = of_kinds(*WHOLE)
    functions = of_kinds(*FUNCTIONS)
    return {
        "name": "overview", "title": "trading overview",
        "description": "How fast and how well the engine trades: its operations, their failures, what fired.",
        "sections": [("Now", [
            stat("Operations", "Calls, requests and orders that ended in a second.", "ops",
                 sampled("tickscope_latency", [], [per_second("count", "operations")], calls), interval=WINDOW),
            stat("Errors", "Share of them that failed.", "percentunit",
                 sampled("tickscope_latency", [], [ratio("errors", "count", "errors")], calls), interval=WINDOW,
                 thresholds=thresholds(("green", None), ("orange", 0.01), ("red", 0.05))),
            stat("Worst p99", "The highest p99 of any one series in any one window of 10 s.", "s",
                 sampled("tickscope_latency", [], ["max(p99_ns) / 1e9 AS p99"], calls), interval=WINDOW),
            stat("Health", "0 to 100, as `tickscope status` says it: the worst of the chosen hosts.", "none",
                 values(["system_health_score"], [], "min(last) AS health", "target = 'host'"), interval=WINDOW,
                 thresholds=thresholds(("red", None), ("orange", 60), ("green", 80))),
            stat("Targets without a process", "Targets that nothing runs of.", "none",
                 values(["up"], [], "sum(CASE WHEN last < 1 THEN 1 ELSE 0 END) AS down", *chosen("target")), interval=WINDOW,
                 thresholds=thresholds(("green", None), ("red", 1))),
            stat("Alerts in this time", "Alerts of the agents' rules and contracts that began in this time.", "none",
                 sampled("alert_history", [], ["count() AS alerts"], where(*chosen("host"))), background="none"),
        ]), ("Latency", [
            latency("p50 by operation", "p50", ["operation"], functions, OPERATION),
            latency("p95 by operation", "p95", ["operation"], functions, OPERATION),
            latency("p99 by operation", "p99", ["operation"], functions, OPERATION),
            rows("Slowest call of each window", "The slowest single call in 10 s, by operation.", "s", ["operation"],
                 "max(max_ns) / 1e9 AS slowest", functions, name=OPERATION),
        ]), ("Traffic", [
            rows("Calls by operation", "Calls that returned in a second.", "ops", ["operation"],
                 per_second("count", "calls"), functions, name=OPERATION),
            rows("Errors by operation", "Share of the calls that failed.", "percentunit", ["operation"],
                 ratio("errors", "count", "errors"), functions, name=OPERATION),
        ]), ("What happened", [
            operation_table("Operations in this time", ["operation", "kind"], calls), ALERTS, EVENTS,
        ])],
    }


SEGMENT = "${__field.labels.operation}: ${__field.labels.segment_from} to ${__field.labels.segment_to}"


def requests():
    every, orders, connects = of_kinds(*REQUESTS), of_kinds("order"), of_kinds("connect")
    by_kind, kinds = ["operation", "kind"], OPERATION + " ${__field.labels.kind}"
    transport = ["host", "target", "operation"]
    return {
        "name": "requests", "title": "requests and orders",
        "description": "Remote calls and the engine's own API by endpoint, method and status; orders until they are "
                       "acknowledged and filled; where the time goes.",
        "sections": [("Requests", [
            latency("p50 by endpoint", "p50", by_kind, every, kinds, width=8),
            latency("p95 by endpoint", "p95", by_kind, every, kinds, width=8),
            latency("p99 by endpoint", "p99", by_kind, every, kinds, width=8),
            rows("Requests by endpoint", "Requests that were answered in a second.", "reqps", by_kind,
                 per_second("count", "requests"), every, name=kinds),
            rows("Errors by endpoint", "Share of the requests that failed.", "percentunit", by_kind,
                 ratio("errors", "count", "errors"), every, name=kinds),
        ]), ("Where the time goes", [
            rows("Mean time by segment",
                 "From the request's send to the answer's last byte: segments add up to the whole. sent to arrived is network "
                 "and service, arrived to read is waking up or being busy, read to complete the rest of a long answer.",
                 "s", ["operation", "segment_from", "segment_to"],
                 "sum(sum_ns) * 1.0 / sum(count) / 1e9 AS mean", of_kinds("segment"), name=SEGMENT, stacked=True, width=24),
        ]), ("By method and status", [
            latency("p95 by method", "p95", ["operation", label("method"), label("route")], every,
                    OPERATION + " ${__field.labels.method} ${__field.labels.route}"),
            rows("Requests by status", "Requests in a second, by what they were answered with.", "reqps",
                 ["operation", "status"], per_second("count", "requests"), every, name=OPERATION + " ${__field.labels.status}"),
            operation_table("Methods", ["operation", "kind", *map(label, ("method", "route", "status"))], every),
        ]), ("Orders", [
            latency("Order p50 by outcome", "p50", ["operation", label("until")], orders,
                    OPERATION + " ${__field.labels.until}", width=8),
            latency("Order p95 by outcome", "p95", ["operation", label("until")], orders,
                    OPERATION + " ${__field.labels.until}", width=8),
            latency("Order p99 by outcome", "p99", ["operation", label("until")], orders,
                    OPERATION + " ${__field.labels.until}", width=8),
            rows("Orders by outcome", "Orders in a second that were acknowledged, filled, filled completely, cancelled. An "
                 "order counts in each that it reached.", "ops", ["operation", "until"], per_second("count", "orders"),
                 orders, name=OPERATION + " ${__field.labels.until}"),
            latency("Order p95 by symbol", "p95", [label("trading_pair"), label("side"), label("until")], orders,
                    "${__field.labels.trading_pair} ${__field.labels.side} ${__field.labels.until}"),
        ]), ("Connections", [
            rows("Connects", "Connections that were made in a second.", "ops", ["operation"],
                 per_second("count", "connects"), connects, name=OPERATION, width=8),
            rows("Slowest connect", "The slowest connect of each window of 10 s.", "s", ["operation"],
                 "max(max_ns) / 1e9 AS slowest", connects, name=OPERATION, width=8),
            value_graph("Round trip of the network", "The kernel's smoothed round-trip time.", "s",
                        values(["srtt_ns"], transport, "max(mean) / 1e9 AS srtt", *chosen("target", "operation")),
                        name=OPERATION, width=8),
            value_graph("Retransmits", "Segments of TCP that were sent again, in a second.", "pps",
                        values(["retransmits_per_s"], transport, "sum(mean) AS retransmits", *chosen("target", "operation")),
                        name=OPERATION, width=8),
            value_graph("Resets", "Connections in a second that ended in a reset.", "cps",
                        values(["resets_per_s"], transport, "sum(mean) AS resets", *chosen("target", "operation")),
                        name=OPERATION, width=8),
            value_graph("Bytes", "Sent and received in a second.", "Bps",
                        values(["bytes_sent_per_s", "bytes_received_per_s"], ["operation", "name"], "sum(mean) AS bytes",
                               *chosen("target", "operation")),
                        name=OPERATION + " ${__field.labels.name}", width=8),
        ])],
    }


def market_data():
    feeds = of_kinds("feed")
    by_feed, feed = ["host", "target", "operation"], "${__field.labels.host} " + OPERATION
    own = chosen("target", "operation")
    return {
        "name": "market-data", "title": "market data",
        "description": "Feeds: how many updates come, how long they wait in the kernel, what is lost.",
        "sections": [("Updates", [
            rows("Updates", "Updates that were read in a second.", "cps", ["operation"], per_second("count", "updates"), feeds,
                 name=OPERATION),
            rows("Updates by symbol", "Where the protocol tells them apart.", "cps", ["trading_pair", "update_type"],
                 per_second("count", "updates"), feeds,
                 name="${__field.labels.trading_pair} ${__field.labels.update_type}"),
        ]), ("From arrival in the kernel to being read", [
            latency("p50 by feed", "p50", ["operation"], feeds, OPERATION, width=8),
            latency("p95 by feed", "p95", ["operation"], feeds, OPERATION, width=8),
            latency("p99 by feed", "p99", ["operation"], feeds, OPERATION, width=8),
            rows("Longest wait of each window", "The update that waited longest in 10 s.", "s", ["operation"],
                 "max(max_ns) / 1e9 AS longest", feeds, name=OPERATION),
            operation_table("Feeds", ["operation", label("trading_pair"), label("update_type")], feeds) | {"width": 12},
        ]), ("Back-pressure", [
            value_graph("Receive queue", "Bytes that wait in the kernel to be read: the engine is behind.", "bytes",
                        values(["queue_bytes"], by_feed, "max(max) AS queue", *own), name=feed, width=8),
            value_graph("Datagrams dropped", "Datagrams in a second that the kernel had no room for.", "pps",
                        values(["datagrams_dropped_per_s"], by_feed, "sum(mean) AS dropped", *own), name=feed, width=8),
            value_graph("Bytes received", "Of the feeds' connections and sockets, in a second.", "Bps",
                        values(["bytes_received_per_s"], by_feed, "sum(mean) AS bytes", *own), name=feed, width=8),
        ])],
    }


def of_targets(name, title, description, unit, expression):
    return value_graph(title, description, unit,
                       values([name], ["host", "target"], expression, *chosen("target"), "target NOT IN ('host')",
                              "operation IS NULL"), name=TARGET, width=8)


def of_host(names, title, description, unit, expression):
    return value_graph(title, description, unit, values(names, ["host", "name"], expression, "target = 'host'"),
                       name="${__field.labels.host} ${__field.labels.name}", width=8)


def system():
    return {
        "name": "system", "title": "system resources",
        "description": "What hosts have left and what each target takes of it.",
        "sections": [("Hosts", [
            of_host(["cpu_percent"], "CPU", "Share of all CPUs that was busy.", "percent", "max(mean) AS busy"),
            of_host(["memory_used_ratio"], "Memory used", "Share of the memory that is not available.", "percentunit",
                    "max(mean) AS used"),
            of_host(["load_1m"], "Load", "Tasks that run or wait, mean of a minute.", "none", "max(mean) AS load"),
            of_host(["network_received_bytes_per_s", "network_sent_bytes_per_s"], "Network", "All links but loopback.", "Bps",
                    "max(mean) AS bytes"),
            of_host(["disk_read_bytes_per_s", "disk_written_bytes_per_s"], "Disk", "All disks together.", "Bps",
                    "max(mean) AS bytes"),
            of_host(["disk_busy_ratio", "disk_free_ratio"], "Disk busy and free",
                    "Time in which the busiest disk worked; what is free where the agent keeps its state.", "percentunit",
                    "max(mean) AS ratio"),
        ]), ("Targets", [
            of_targets("cpu_percent", "CPU by target", "100 is one core.", "percent", "sum(mean) AS cpu"),
            of_targets("memory_bytes", "Memory by target", "Resident; shared pages count in each process.", "bytes",
                       "sum(mean) AS memory"),
            of_targets("processes", "Processes by target", "None: the target is down.", "none", "sum(last) AS processes"),
            of_targets("threads", "Threads by target", "Of all its processes.", "none", "sum(last) AS threads"),
            of_targets("descriptors_ratio", "Descriptors by target", "Share of the limit, of the process nearest to it.",
                       "percentunit", "max(max) AS descriptors"),
            of_targets("context_switches_per_s", "Context switches by target", "In a second, of all its threads.", "cps",
                       "sum(mean) AS switches"),
            of_targets("read_bytes_per_s", "Storage reads by target", "Bytes in a second.", "Bps", "sum(mean) AS bytes"),
            of_targets("write_bytes_per_s", "Storage writes by target", "Bytes in a second.", "Bps", "sum(mean) AS bytes"),
            of_targets("uptime_s", "Uptime by target", "Of its oldest process: a step down is a restart.", "s",
                       "min(last) AS uptime"),
        ])],
    }


def of_agent(names, title, description, unit, expression):
    return value_graph(title, description, unit, values(names, ["host", "name"], expression, "target = 'tickscope'"),
                       name="${__field.labels.host} ${__field.labels.name}", width=8)


def agent():
    everything = where(*chosen("host"))
    return {
        "name": "agent", "title": "tickscope itself",
        "description": "Whether the agents run, lose nothing and cost little.",
        "sections": [("Agents", [
            stat("Agents", "Hosts whose rows came in the interval.", "none",
                 sampled("tickscope_value", [], ["count_distinct(host) AS agents"], everything), interval=WINDOW, width=6),
            stat("Series", "Series that counted something in the interval.", "none",
                 sampled("tickscope_latency", [], ["count_distinct(concat(host, target, operation, kind, labels)) AS series"],
                         everything), interval=WINDOW, width=6),
            stat("Rows", "Rows of latencies that came in a second.", "wps",
                 sampled("tickscope_latency", [], ["count() * 1000.0 / $__interval_ms AS rows"], everything), interval=WINDOW,
                 width=6),
            stat("Lost calls", "Calls in a second whose start or end could not be kept. Expect none.", "ops",
                 sampled("tickscope_latency", [], [per_second("lost", "lost")], everything), interval=WINDOW, width=6,
                 thresholds=thresholds(("green", None), ("red", 0.000001))),
        ]), ("Losses", [
            rows("Lost calls by operation", "Calls in a second whose start or end could not be kept. Expect none.", "ops",
                 ["host", "operation"], per_second("lost", "lost"), everything,
                 name="${__field.labels.host} " + OPERATION, width=8),
            of_agent(["dropped_windows_per_s", "sink_dropped_per_s"], "Dropped",
                     "Windows that the history, and rows that a sink, had no room for, in a second. Expect none.", "wps",
                     "max(max) AS dropped"),
            of_agent(["history_failing", "sinks_failing", "channels_down"], "Failing",
                     "1: the history is not written; sinks and channels of alerts that fail now.", "none",
                     "max(max) AS failing"),
        ]), ("Cost", [
            of_agent(["cpu_percent"], "CPU of the agent", "100 is one core.", "percent", "max(mean) AS cpu"),
            of_agent(["memory_bytes"], "Memory of the agent", "Resident.", "bytes", "max(mean) AS memory"),
            of_agent(["uptime_s"], "Uptime of the agent", "A step down is a restart.", "s", "min(last) AS uptime"),
        ]), ("What happened", [EVENTS, ALERTS])],
    }


def distinct(column, table_name="tickscope_latency"):
    return f"SELECT DISTINCT {column} FROM {table_name} WHERE $__timeFilter(timestamp) ORDER BY {column}"


def variables(names):
    made = [datasource_variable(SOURCE), query_variable(SOURCE, "host", "Host", distinct("host", "tickscope_value"))]
    if "target" in names:
        made.append(query_variable(SOURCE, "target", "Target", distinct("target", "tickscope_value")))
    if "operation" in names:
        made.append(query_variable(SOURCE, "operation", "Operation", distinct("operation")))
    if "buckets" in names:
        made.append(choice_variable("buckets", "Percentiles", (("minutes of 7 days", "tickscope_bucket"),
                                                               ("hours of 3 years", "tickscope_bucket_1h"))))
    return made


def annotation():
    sql = f"SELECT timestamp AS time, concat(host, ' ', kind, ': ', text) AS text FROM tickscope_event WHERE " \
          f"{where(*chosen('host'))} AND kind IN ('started', 'stopped', 'target', 'reload') ORDER BY time LIMIT 500"
    return {"name": "Agents", "enable": False, "hide": False, "iconColor": "blue", "datasource": SOURCE.reference,
            "target": {"refId": "Events", **target(sql, "table")}}


def boards():
    """File name -> dashboard."""
    wanted = (
        (overview(), ("target", "operation", "buckets")),
        (requests(), ("target", "operation", "buckets")),
        (market_data(), ("target", "operation", "buckets")),
        (system(), ("target",)),
        (agent(), ()),
    )
    return {f"{b['name']}.json": board_json(SOURCE, b | {"with": "QuestDB"}, variables(names), [annotation()])
            for b, names in wanted}
