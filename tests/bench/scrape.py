# SPDX-License-Identifier: Apache-2.0
"""The scrape endpoint: how long a page takes, and what scraping costs the thread that counts."""
import json
import os
import subprocess
import threading
import time
import urllib.request

from children import Failed
from report import Row

SERIES_OF_OPERATION = 34  # buckets, sum, count and four counters
CALLS = 1_000_000  # that are timed


class Endpoint:
    """tests/e2e/scrape_driver.c."""

    def __init__(self, build):
        self.process = subprocess.Popen([os.path.join(build, "e2e/scrape_driver")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = self.ask(listen="127.0.0.1:0", series_max=1_000_000)["port"]

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def scrape(self):
        """(time that it took in ms, bytes)"""
        start = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answered:
            size = len(answered.read())
        return (time.monotonic() - start) * 1e3, size

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def scrape_all_along(endpoint, is_over, scrapes):
    while not is_over.is_set():
        scrapes.append(endpoint.scrape())


def rows_of(endpoint, operation_cnt, what):
    endpoint.ask(fill=operation_cnt, seconds=1)
    second_cnt = CALLS // operation_cnt
    alone = endpoint.ask(fill=operation_cnt, seconds=second_cnt)
    scrapes = sorted(endpoint.scrape() for _ in range(9))
    took_ms, size = scrapes[len(scrapes) // 2]
    is_over, meanwhile = threading.Event(), []
    scraper = threading.Thread(target=scrape_all_along, args=(endpoint, is_over, meanwhile))
    scraper.start()
    scraped = endpoint.ask(fill=operation_cnt, seconds=second_cnt)
    is_over.set()
    scraper.join()
    series_cnt = operation_cnt * SERIES_OF_OPERATION
    return [
        Row(f"scrape of {what}", took_ms, None, "ms", f"{series_cnt} series, {size / 1e6:.1f} MB; with its transfer"),
        Row("the same: counting one operation, p99.99", scraped["p9999_ns"] / 1e3, None, "µs",
            f"{CALLS} times during {len(meanwhile)} scrapes; {alone['p9999_ns'] / 1e3:.1f} µs unscraped; "
            f"median {scraped['median_ns'] / 1e3:.2f} and {alone['median_ns'] / 1e3:.2f} µs"),
        Row("the same: CPU of counting a second", scraped["cpu_ns"] / 1e6, None, "ms",
            f"all {operation_cnt} operations busy; {alone['cpu_ns'] / 1e6:.2f} ms unscraped"),
    ]


def measure(bench):
    """Rows without a limit."""
    endpoint = None
    try:
        endpoint = Endpoint(bench.build)
        return [*rows_of(endpoint, 10_000 // SERIES_OF_OPERATION, "10 000 series"),
                *rows_of(endpoint, 10_000, "10 000 operations")]
    except (Failed, OSError, ValueError) as failure:
        return [Row("scrape of 10 000 series", unit="ms", note=str(failure))]
    finally:
        if endpoint:
            endpoint.close()
