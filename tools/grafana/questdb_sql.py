# SPDX-License-Identifier: Apache-2.0
"""SQL of the dashboards for QuestDB, with the macros of its plugin for Grafana and Grafana's variables."""
import re

# Function calls, requests, orders: what an operation counts itself. Segments and connects are parts of one.
WHOLE = ("function", "span", "rpc_client", "rpc_server", "order", "chain", "feed")
REQUESTS = ("rpc_client", "rpc_server")
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def chosen(*names):
    """Rows that the variables of these names choose; no condition where a variable says All."""
    return [f"$__conditionalAll({name} IN (${{{name}:sqlstring}}), ${name})" for name in names]


def where(*conditions):
    return "$__timeFilter(timestamp) AND " + " AND ".join(conditions)


def of_kinds(*kinds):
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return where(*chosen("host", "target", "operation"), f"kind IN ({listed})")


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def sampled(table, keys, values, conditions):
    """One row per interval and key."""
    return one_line(f"""
        SELECT {", ".join(["timestamp", *keys, *values])} FROM {table} WHERE {conditions}
        SAMPLE BY $__sampleByInterval ORDER BY timestamp""")


def per_second(column, name):
    return f"sum({column}) * 1000.0 / $__interval_ms AS {name}"


def ratio(part, whole, name):
    return f"sum({part}) * 1.0 / sum({whole}) AS {name}"


def quantile(q, name):
    """The middle of the bucket that holds rank ceil(q * total), in seconds: as `tickscope query` takes it, but for the
    limits at the least and the greatest value. Buckets are those of include/tickscope/bucket.h: octave 0 holds 0 to 127 ns,
    octave o the values (128 + i) * 2^(o - 1) and up, with i from 0 to 127. Fewer than 1 / (1 - q) calls have none."""
    rank = f"ceil({q} * total - 0.000000001)"
    i = f"(insertion_point(array_cum_sum(counts), {rank} - (upto - n), TRUE) - 1)"
    middle = f"CASE WHEN octave = 0 THEN {i} * 1.0 ELSE floor((128.5 + {i}) * power(2, octave - 1) - 0.5) END"
    return (f"max(CASE WHEN upto >= {rank} AND upto - n < {rank} AND total * {round(1 - q, 6)} >= 0.999999 "
            f"THEN ({middle}) / 1e9 END) AS {name}")


def names_of(keys):
    return [key.rsplit(" AS ", 1)[-1] for key in keys]


def label(name):
    """Rows of buckets have the labels as one text: a="x",b="y". One of them as a key; empty where a series has none."""
    return f"""split_part(split_part(concat(',', labels), ',{name}="', 2), '"', 1) AS {name}"""


def merged(keys, conditions, is_sampled):
    """Buckets of all chosen hosts and labels added up, with how many calls are in them and in those before."""
    time = ["timestamp"] if is_sampled else []
    group = ", ".join(time + names_of(keys))
    sample = "SAMPLE BY $__sampleByInterval" if is_sampled else ""
    return f"""
        WITH merged AS (SELECT {", ".join(time + list(keys))}, octave, array_elem_sum(counts) AS counts
          FROM ${{buckets}} WHERE {conditions} {sample}),
        summed AS (SELECT {group}, octave, counts, array_sum(counts) AS n FROM merged),
        ranked AS (SELECT {group}, octave, counts, n,
          sum(n) OVER (PARTITION BY {group} ORDER BY octave ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
          sum(n) OVER (PARTITION BY {group}) AS total FROM summed)"""


def percentiles(keys, conditions, names=tuple(QUANTILES)):
    """Exact percentiles over time."""
    wanted = ", ".join(quantile(QUANTILES[name], name) for name in names)
    group = ", ".join(["timestamp", *names_of(keys)])
    return one_line(f"{merged(keys, conditions, True)} SELECT {group}, {wanted} FROM ranked GROUP BY {group} "
                    "ORDER BY timestamp")


def percentile_table(keys, conditions):
    """Exact percentiles of the whole time that is shown."""
    wanted = ", ".join(quantile(QUANTILES[name], name) for name in QUANTILES)
    group = ", ".join(names_of(keys))
    return one_line(f"{merged(keys, conditions, False)} SELECT {group}, max(total) AS calls, {wanted} FROM ranked "
                    f"GROUP BY {group} ORDER BY {group}")


def values(names, keys, expression, *conditions):
    """Values by name: CPU, memory and such."""
    listed = ", ".join(f"'{name}'" for name in names)
    return sampled("tickscope_value", keys, [expression],
                   where(*chosen("host"), *conditions, f"name IN ({listed})"))
