"""Reads from S3: through our cache beside plain s3fs and fsspec's own file cache, on the same objects in one run.

The server is a process on this machine, so a network would only widen the distances. The peers are told to notice
changed objects, as we do: fsspec's cache with `check_files`, s3fs without its listings.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from axons_kernel.storage import Store

SERVER = Path(__file__).parents[1] / "axons_kernel" / "s3_server.py"
LARGE, SMALL, COUNT, WINDOWS, WINDOW = 48 << 20, 2_000, 60, 200, 64 << 10
ROOT = "course/bench"
NAMES = ("our cache", "s3fs", "fsspec filecache")


@contextmanager
def server() -> Iterator[None]:
    """An S3 server process; its address and credentials are in the environment."""
    scratch = tempfile.mkdtemp(prefix="axons-bench-")
    with subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            urllib.request.urlopen(urllib.request.Request(f"{address}/course", method="PUT"), timeout=30).close()
            os.environ |= {
                "AWS_ENDPOINT_URL": address,
                "AWS_ACCESS_KEY_ID": "student",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AXONS_CACHE": f"{scratch}/ours",
                "BENCH_SCRATCH": scratch,
            }
            yield
        finally:
            process.kill()
            shutil.rmtree(scratch)


def race(works: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Seconds per work, the best of several rounds; they take turns, so that a busy machine is busy for all."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def report(what: str, times: dict[str, float], unit: Callable[[float], str]) -> None:
    ours = times[NAMES[0]]
    parts = [
        f"{name} {unit(t)}" + ("" if name == NAMES[0] else f" (ratio {t / ours:.2f})") for name, t in times.items()
    ]
    print(f"  {what}: " + ", ".join(parts))


def main() -> None:
    with server():
        store = Store(f"s3://{ROOT}")
        data = random.Random(0).randbytes(LARGE)
        store.write("large.tif", data)
        for number in range(COUNT):
            store.write(f"small/{number}.json", data[number * 100 :][:SMALL])
        shutil.rmtree(os.environ["AXONS_CACHE"])  # what was written is not to be at hand already
        plain = fsspec.filesystem("s3", use_listings_cache=False)
        cached = fsspec.filesystem(
            "filecache", fs=plain, cache_storage=os.environ["BENCH_SCRATCH"] + "/theirs", check_files=True
        )
        compare(store, plain, cached, data)


def compare(store: Store, plain: Any, cached: Any, data: bytes) -> None:
    whole: dict[str, Callable[[], bytes]] = {
        NAMES[0]: lambda: store.read("large.tif"),
        NAMES[1]: lambda: plain.cat_file(f"{ROOT}/large.tif"),
        NAMES[2]: lambda: cached.cat_file(f"{ROOT}/large.tif"),
    }
    mb = LARGE / 1e6
    print(f"S3 on this machine: one object of {mb:.0f} MB, {COUNT} of {SMALL / 1000:.0f} kB")
    assert all(read() == data for read in whole.values())  # also the first read, which fills the caches
    report(f"{mb:.0f} MB read again", race(whole, 7), lambda t: f"{mb / t:.0f} MB/s")

    starts = [random.Random(n).randrange(LARGE - WINDOW) for n in range(WINDOWS)]

    def windows(opened: Callable[[], Any]) -> Callable[[], None]:
        def work() -> None:
            with opened() as file:
                for start in starts:
                    file.seek(start)
                    assert file.read(WINDOW) == data[start : start + WINDOW]

        return work

    opened: dict[str, Callable[[], Any]] = {
        NAMES[0]: lambda: store.open("large.tif"),
        NAMES[1]: lambda: plain.open(f"{ROOT}/large.tif", "rb", cache_type="none"),
        NAMES[2]: lambda: cached.open(f"{ROOT}/large.tif", "rb"),
    }
    report(
        f"{WINDOWS} windows of {WINDOW >> 10} KiB in it",
        race({name: windows(work) for name, work in opened.items()}, 4),
        lambda t: f"{WINDOWS / t:.0f}/s",
    )

    keys = [f"small/{number}.json" for number in range(COUNT)]
    small: dict[str, Callable[[str], bytes]] = {
        NAMES[0]: store.read,
        NAMES[1]: lambda key: bytes(plain.cat_file(f"{ROOT}/{key}")),
        NAMES[2]: lambda key: bytes(cached.cat_file(f"{ROOT}/{key}")),
    }
    for what in ("first", "again"):
        rounds = [race({name: lambda r=read, k=key: r(k) for name, read in small.items()}, 1) for key in keys]
        latency = {name: statistics.median(one[name] for one in rounds) for name in small}
        report(f"a small object, {what}", latency, lambda t: f"{1000 * t:.2f} ms")


if __name__ == "__main__":
    main()
