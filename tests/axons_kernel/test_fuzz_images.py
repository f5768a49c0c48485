"""Thousands of broken image files: each is an image or is refused in a sentence, and nothing else happens.

They are tried in child processes, so that a decoder that crashes is seen. For a longer hunt:
`AXONS_FUZZ_FILES=20000 AXONS_FUZZ_SEED=7 pytest tests/axons_kernel/test_fuzz_images.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("fuzz") / "try_files.py"
SEED = int(os.environ.get("AXONS_FUZZ_SEED", "0"))
FILES = int(os.environ.get("AXONS_FUZZ_FILES", "7500"))
BATCH = 250
ANSWER_S = 60  # on a busy machine; the child itself counts 5 s of the processor


def verdicts(first: int, end: int) -> Iterator[tuple[int, str]]:
    """(number, verdict) of each file; a child that crashes or hangs is told, and another goes on after that file."""
    while first < end:
        command = [sys.executable, str(CHILD), str(SEED), str(first), str(end)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
            late: list[bool] = []
            for line in _lines(child, late):
                number, _, verdict = line.partition(" ")
                first = int(number)
                if verdict != "begins":
                    first += 1
                    yield int(number), verdict.rpartition(" | ")[0]
            if child.wait():
                yield first, "hangs" if late else f"crashes the process ({child.returncode})"
                first += 1


def _lines(child: subprocess.Popen[str], late: list[bool]) -> Iterator[str]:
    """The lines that a child prints; when none comes for a while, it is killed and `late` filled."""
    assert child.stdout

    def kill() -> None:
        late.append(True)
        child.kill()

    while True:
        timer = threading.Timer(ANSWER_S, kill)
        timer.start()
        line = child.stdout.readline().strip()
        timer.cancel()
        if not line:
            return
        if line.split(" ", 1)[0].isdigit():  # others are what an import says
            yield line


@pytest.mark.timeout(60 + FILES)
def test_broken_files_of_every_format() -> None:
    starts = range(0, FILES, BATCH)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        batches = pool.map(lambda first: list(verdicts(first, min(first + BATCH, FILES))), starts)
        found = dict(verdict for batch in batches for verdict in batch)
    count = Counter(found.values())
    bad = {number: verdict for number, verdict in found.items() if verdict not in ("image", "refused")}
    assert not bad, f"seed {SEED}: {bad}\nWrite such a file with: python {CHILD} {SEED} N N+1 --keep FOLDER"
    assert len(found) == FILES and min(count["image"], count["refused"]) > FILES / 20  # they are broken, and not only
