# SPDX-License-Identifier: Apache-2.0
"""The dashboards for Prometheus: what the agents' scrape endpoints say."""
from board import Source, board_json, datasource_variable, graph, query_variable, stat, table, thresholds

JOBS = 'job=~"$job",instance=~"$instance"'
OPERATIONS = JOBS + ',target=~"$target",operation=~"$operation"'
TARGETS = JOBS + ',target=~"$target"'
WHOLE = 'kind=~"function|span|rpc_client|rpc_server|order|chain|feed"'
FUNCTIONS = 'kind=~"function|span|chain"'
REQUESTS = 'kind=~"rpc_client|rpc_server"'
DURATION = "tickscope_operation_duration_seconds"
INTERPOLATED = ("Interpolated inside buckets whose bounds double: at most twice, at least half of the exact figure, which "
                "`tickscope query` and the dashboards for QuestDB have.")


def target(query, kind):
    expression, legend = query if isinstance(query, tuple) else (query, "__auto")
    made = {"expr": expression, "legendFormat": legend, "editorMode": "code"}
    return made | ({"format": "table", "instant": True, "range": False} if kind == "table"
                   else {"range": True, "instant": False})


def variable(query):
    return {"allValue": ".+", "query": {"query": query, "refId": "variable"}, "definition": query}


SOURCE = Source("prometheus", "prometheus", target, variable)


def rate(family, matchers, by=(), function="rate"):
    inner = f"{function}({family}{{{matchers}}}[$__rate_interval])"
    return f"sum by ({', '.join(by)}) ({inner})" if by else f"sum({inner})"


def ratio(part, matchers, by=()):
    """Nothing where there were no calls: 0 / 0 is no point of a graph."""
    return f"{rate(part, matchers, by)} / {rate(DURATION + '_count', matchers, by)}"


def quantile(q, family, matchers, by):
    return f"histogram_quantile({q}, {rate(family + '_bucket', matchers, ('le', *by))})"


def legend(*labels):
    return " ".join(f"{{{{{label}}}}}" for label in labels)


def latency(title, q, matchers, by, **options):
    name = f"p{round(100 * q)}"
    return graph(title, f"{name} of each. {INTERPOLATED}", "s",
                 (quantile(q, DURATION, matchers, by), legend(*by)), **options)


def rates(title, description, unit, family, matchers, by, **options):
    return graph(title, description, unit, (rate(family, matchers, by), legend(*by)), **options)


def gauge(title, description, unit, family, matchers, by, **options):
    """A sum over what is not named: two processes, two links. Families where that makes no sense are named in full."""
    return graph(title, description, unit, (f"sum by ({', '.join(by)}) ({family}{{{matchers}}})", legend(*by)),
                 **{"width": 8, **options})


def mapped(title, description, unit, family, by, q=0.95, **options):
    return graph(title, f"{description} From the family {family}, where the configuration maps an operation to it.", unit,
                 (quantile(q, family, JOBS, by), legend(*by)), **options)


def alerts_table():
    return table("Alerts", "What Prometheus' own rules find now.",
                 (f'sum by (alertname, severity, alertstate, instance, target, operation) (ALERTS{{{JOBS}}})', ""),
                 transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}])


def operation_table(title, matchers, by):
    columns = [rate(f"{DURATION}_count", matchers, by)]
    columns += [quantile(q, DURATION, matchers, by) for q in (0.5, 0.95, 0.99)]
    names = {"Value #A": "rate", "Value #B": "p50", "Value #C": "p95", "Value #D": "p99"}
    return table(title, f"Now. {INTERPOLATED}", *columns, units={"p50|p95|p99": "s", "rate": "reqps"}, transformations=[
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}}])


def overview():
    calls, functions = f"{OPERATIONS},{WHOLE}", f"{OPERATIONS},{FUNCTIONS}"
    by = ("target", "operation")
    return {
        "name": "overview", "title": "trading overview",
        "description": "How fast and how well the engine trades: its operations, their failures, what fires.",
        "sections": [("Now", [
            stat("Operations", "Calls, requests and orders that ended in a second.", "ops", rate(f"{DURATION}_count", calls)),
            stat("Errors", "Share of them that failed.", "percentunit", ratio("tickscope_operation_errors_total", calls),
                 thresholds=thresholds(("green", None), ("orange", 0.01), ("red", 0.05))),
            stat("p99 of the slowest", f"The operation with the highest p99. {INTERPOLATED}", "s",
                 f"max({quantile(0.99, DURATION, calls, by)})"),
            stat("Health", "0 to 100, as `tickscope status` says it: the worst of the chosen hosts.", "none",
                 f"min(tickscope_system_health_score{{{JOBS}}})",
                 thresholds=thresholds(("red", None), ("orange", 60), ("green", 80))),
            stat("Targets without a process", "Targets that nothing runs of.", "none",
                 f"count(tickscope_target_up{{{TARGETS}}} == 0) or vector(0)",
                 thresholds=thresholds(("green", None), ("red", 1))),
            stat("Alerts that fire", "Of the agents' own rules and contracts.", "none",
                 f"sum(tickscope_system_alerts{{{JOBS}}})",
                 thresholds=thresholds(("green", None), ("red", 1))),
        ]), ("Latency", [
            latency("p50 by operation", 0.5, functions, by),
            latency("p95 by operation", 0.95, functions, by),
            latency("p99 by operation", 0.99, functions, by),
            graph("Distribution", "Calls in a second by how long they took: each line is a bucket of calls up to its bound.",
                  "ops", (rate(f"{DURATION}_bucket", functions, ("le",)), "{{le}}")),
        ]), ("Traffic", [
            rates("Calls by operation", "Calls that returned in a second.", "ops", f"{DURATION}_count", functions, by),
            graph("Errors by operation", "Share of the calls that failed.", "percentunit",
                  (ratio("tickscope_operation_errors_total", functions, by), legend(*by))),
        ]), ("Trading", [
            mapped("Order execution p95", "From the signal to the order's send.", "s", "order_execution_latency_seconds",
                   ("trading_pair", "order_type", "side"), width=8),
            mapped("Order round trip p95", "From the order's send to its first fill.", "s", "order_round_trip_time_seconds",
                   ("trading_pair", "order_type", "side"), width=8),
            mapped("Signal generation p95", "How long a strategy thinks.", "s", "signal_generation_seconds",
                   ("strategy", "trading_pair"), width=8),
        ]), ("What happens", [operation_table("Operations now", calls, (*by, "kind")), alerts_table()])],
    }


def endpoint(title, description, unit, value, **options):
    return gauge(title, description, unit, f"tickscope_endpoint_{value}", OPERATIONS, ("instance", "operation"), **options)


def requests():
    every, orders = f"{OPERATIONS},{REQUESTS}", f'{OPERATIONS},kind="order"'
    segments, connects = f'{OPERATIONS},kind="segment"', f'{OPERATIONS},kind="connect"'
    by, by_segment = ("operation", "kind"), ("operation", "from", "to")
    mean = f"{rate(DURATION + '_sum', segments, by_segment)} / {rate(DURATION + '_count', segments, by_segment)}"
    return {
        "name": "requests", "title": "requests and orders",
        "description": "Remote calls and the engine's own API by endpoint, method and status; orders until they are "
                       "acknowledged and filled; where the time goes.",
        "sections": [("Requests", [
            latency("p50 by endpoint", 0.5, every, by, width=8),
            latency("p95 by endpoint", 0.95, every, by, width=8),
            latency("p99 by endpoint", 0.99, every, by, width=8),
            rates("Requests by endpoint", "Requests that were answered in a second.", "reqps", f"{DURATION}_count", every, by),
            graph("Errors by endpoint", "Share of the requests that failed.", "percentunit",
                  (ratio("tickscope_operation_errors_total", every, by), legend(*by))),
        ]), ("Where the time goes", [
            graph("Mean time by segment",
                  "From the request's send to the answer's last byte: segments add up to the whole. sent to arrived is network "
                  "and service, arrived to read is waking up or being busy, read to complete the rest of a long answer.",
                  "s", (mean, "{{operation}}: {{from}} to {{to}}"), stacked=True, width=24),
        ]), ("By method and status", [
            latency("p95 by method", 0.95, every, ("operation", "method", "route")),
            rates("Requests by status", "Requests in a second, by what they were answered with.", "reqps",
                  f"{DURATION}_count", every, ("operation", "status")),
            operation_table("Methods", every, ("operation", "kind", "method", "route", "status")),
            mapped("API request p95", "The engine's API.", "s", "api_request_duration_seconds",
                   ("endpoint", "method", "status")),
            mapped("WebSocket message p95", "Messages of WebSocket connections.", "s", "websocket_message_duration_seconds",
                   ("message_type",)),
        ]), ("Orders", [
            latency("Order p50 by outcome", 0.5, orders, ("operation", "until"), width=8),
            latency("Order p95 by outcome", 0.95, orders, ("operation", "until"), width=8),
            latency("Order p99 by outcome", 0.99, orders, ("operation", "until"), width=8),
            rates("Orders by outcome", "Orders in a second that were acknowledged, filled, filled completely, cancelled. An "
                  "order counts in each that it reached.", "ops", f"{DURATION}_count", orders, ("operation", "until")),
            latency("Order p95 by symbol", 0.95, orders, ("trading_pair", "side", "until")),
        ]), ("Connections", [
            rates("Connects", "Connections that were made in a second.", "ops", f"{DURATION}_count", connects,
                  ("operation",), width=8),
            latency("Connect p99", 0.99, connects, ("operation",), width=8),
            graph("Round trip of the network", "The kernel's smoothed round-trip time, the longest.", "s",
                  (f"max by (instance, operation) (tickscope_endpoint_srtt_seconds{{{OPERATIONS}}})",
                   legend("instance", "operation")), width=8),
            endpoint("Retransmits", "Segments of TCP that were sent again, in a second.", "pps", "retransmits_per_second"),
            endpoint("Resets", "Connections in a second that ended in a reset.", "cps", "resets_per_second"),
            endpoint("Bytes sent", "In a second.", "Bps", "sent_bytes_per_second"),
        ])],
    }


def market_data():
    feeds, feed = f'{OPERATIONS},kind="feed"', ("instance", "operation")
    return {
        "name": "market-data", "title": "market data",
        "description": "Feeds: how many updates come, how long they wait in the kernel, what is lost.",
        "sections": [("Updates", [
            rates("Updates", "Updates that were read in a second.", "cps", f"{DURATION}_count", feeds, ("operation",)),
            rates("Updates by symbol", "From the family market_data_updates_total, where the configuration maps an operation "
                  "to it.", "cps", "market_data_updates_total", JOBS, ("trading_pair", "update_type")),
        ]), ("From arrival in the kernel to being read", [
            latency("p50 by feed", 0.5, feeds, ("operation",), width=8),
            latency("p95 by feed", 0.95, feeds, ("operation",), width=8),
            latency("p99 by feed", 0.99, feeds, ("operation",), width=8),
            mapped("Processing p95 by symbol", "Handling of an update.", "s", "market_data_processing_seconds",
                   ("trading_pair", "update_type"), width=24),
        ]), ("Back-pressure", [
            gauge("Receive queue", "Bytes that wait in the kernel to be read: the engine is behind.", "bytes",
                  "tickscope_endpoint_queue_bytes", OPERATIONS, feed),
            gauge("Datagrams dropped", "Datagrams in a second that the kernel had no room for.", "pps",
                  "tickscope_endpoint_datagrams_dropped_per_second", OPERATIONS, feed),
            gauge("Bytes received", "In a second.", "Bps", "tickscope_endpoint_received_bytes_per_second", OPERATIONS, feed),
        ])],
    }


def of_host(title, description, unit, *values):
    queries = [(f"tickscope_host_{value}{{{JOBS}}}", "{{instance}} " + value) for value in values]
    return graph(title, description, unit, *queries, width=8)


def of_target(title, description, unit, value, **options):
    return gauge(title, description, unit, f"tickscope_target_{value}", TARGETS, ("instance", "target"), **options)


def system():
    return {
        "name": "system", "title": "system resources",
        "description": "What hosts have left and what each target takes of it.",
        "sections": [("Hosts", [
            of_host("CPU", "Share of all CPUs that was busy.", "percentunit", "cpu_ratio"),
            of_host("Memory used", "Share of the memory that is not available.", "percentunit", "memory_used_ratio"),
            of_host("Load", "Tasks that run or wait, mean of a minute.", "none", "load1"),
            of_host("Network", "All links but loopback.", "Bps", "network_received_bytes_per_second",
                    "network_sent_bytes_per_second"),
            of_host("Disk", "All disks together.", "Bps", "disk_read_bytes_per_second", "disk_written_bytes_per_second"),
            of_host("Disk busy and free", "Time in which the busiest disk worked; what is free where the agent keeps its state.",
                    "percentunit", "disk_busy_ratio", "disk_free_ratio"),
        ]), ("Targets", [
            of_target("CPU by target", "100 % is one core.", "percentunit", "cpu_ratio"),
            of_target("Memory by target", "Resident; shared pages count in each process.", "bytes", "memory_bytes"),
            of_target("Processes by target", "None: the target is down.", "none", "processes"),
            of_target("Threads by target", "Of all its processes.", "none", "threads"),
            of_target("Descriptors by target", "Share of the limit, of the process nearest to it.", "percentunit",
                      "descriptors_ratio"),
            of_target("Context switches by target", "In a second, of all its threads.", "cps", "context_switches_per_second"),
            of_target("Storage reads by target", "Bytes in a second.", "Bps", "read_bytes_per_second"),
            of_target("Storage writes by target", "Bytes in a second.", "Bps", "written_bytes_per_second"),
            of_target("Uptime by target", "Of its oldest process: a step down is a restart.", "s", "uptime_seconds"),
        ]), ("Components", [
            graph("Memory by component", "From the family memory_usage_bytes, where the configuration maps targets to it.",
                  "bytes", (f"sum by (component) (memory_usage_bytes{{{JOBS}}})", "{{component}}"), width=8),
            graph("CPU by component", "100 is one core. From the family cpu_usage_percent, where the configuration maps "
                  "targets to it.", "percent", (f"sum by (component) (cpu_usage_percent{{{JOBS}}})", "{{component}}"), width=8),
            mapped("Garbage collection p99", "Pauses of the runtime.", "s", "gc_pause_seconds", ("gc_type",), 0.99, width=8),
            mapped("Dashboard rendering p95", "How long users wait for a page.", "s", "dashboard_rendering_seconds",
                   ("component",), width=24, height=7),
        ])],
    }


def of_agent(title, description, unit, *values, **options):
    queries = [(f"tickscope_agent_{value}{{{JOBS}}}", "{{instance}} " + value) for value in values]
    return graph(title, description, unit, *queries, **{"width": 8, **options})


def agent():
    lost = thresholds(("green", None), ("red", 0.000001))
    return {
        "name": "agent", "title": "tickscope itself",
        "description": "Whether the agents run, lose nothing and cost little.",
        "sections": [("Agents", [
            stat("Agents", "Hosts that answer Prometheus.", "none", f"sum(up{{{JOBS}}})", width=6),
            stat("Agents that are down", "Hosts that should answer and do not.", "none",
                 f"count(up{{{JOBS}}} == 0) or vector(0)", width=6, thresholds=thresholds(("green", None), ("red", 1))),
            stat("Series", "Histograms of operations, with their labels.", "none", f"count({DURATION}_count{{{JOBS}}})", width=6),
            stat("Lost calls", "Calls in a second whose start or end could not be kept. Expect none.", "ops",
                 rate("tickscope_operation_lost_total", JOBS), width=6, thresholds=lost),
        ]), ("Losses", [
            rates("Lost calls by operation", "Calls in a second whose start or end could not be kept. Expect none.", "ops",
                  "tickscope_operation_lost_total", JOBS, ("instance", "operation"), width=8),
            rates("Dropped records by operation", "Records of the kernel in a second that had no room. Expect none.", "ops",
                  "tickscope_operation_dropped_total", JOBS, ("instance", "operation"), width=8),
            rates("Calls left by an exception", "In a second, by operation: they are in no latency.", "ops",
                  "tickscope_operation_unwound_total", JOBS, ("instance", "operation"), width=8),
            of_agent("Dropped", "Windows that the history, and rows that a sink, had no room for, in a second. Expect none.",
                     "wps", "dropped_windows_per_second", "sink_dropped_per_second"),
            of_agent("Failing", "1: the history is not written; sinks and channels of alerts that fail now.", "none",
                     "history_failing", "sinks_failing", "channels_down"),
            rates("Series refused", "Series in a second beyond the configured limit of the scrape endpoint.", "cps",
                  "tickscope_agent_refused_series_total", JOBS, ("instance",), width=8),
        ]), ("Cost", [
            of_agent("CPU of the agent", "100 % is one core.", "percentunit", "cpu_ratio"),
            of_agent("Memory of the agent", "Resident.", "bytes", "memory_bytes"),
            graph("Time of a scrape", "What Prometheus waits for the agent's page.", "s",
                  (f"scrape_duration_seconds{{{JOBS}}}", "{{instance}}"), width=8),
        ]), ("Versions", [
            table("Versions", "The version that each host runs.",
                  (f"sum by (instance, version) (tickscope_build_info{{{JOBS}}})", ""), height=6,
                  transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}]),
            alerts_table(),
        ])],
    }


def variables(names):
    made = [datasource_variable(SOURCE),
            query_variable(SOURCE, "job", "Job", "label_values(tickscope_build_info, job)"),
            query_variable(SOURCE, "instance", "Instance", 'label_values(tickscope_build_info{job=~"$job"}, instance)')]
    if "target" in names:
        made.append(query_variable(SOURCE, "target", "Target", f"label_values(tickscope_target_up{{{JOBS}}}, target)"))
    if "operation" in names:
        made.append(query_variable(SOURCE, "operation", "Operation",
                                   f"label_values({DURATION}_count{{{TARGETS}}}, operation)"))
    return made


def boards():
    """File name -> dashboard."""
    both = ("target", "operation")
    wanted = ((overview(), both), (requests(), both), (market_data(), both), (system(), ("target",)), (agent(), ()))
    return {f"{b['name']}.json": board_json(SOURCE, b | {"with": "Prometheus"}, variables(names)) for b, names in wanted}
