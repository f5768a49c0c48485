"""Comparing takes little more memory than the two instance masks, whatever the number of objects."""

from __future__ import annotations

from collections.abc import Callable

SIDE = 2048
SCRIPT = f"""
import numpy as np
from axons_kernel.quality import Instances, compare
ids = np.zeros(({SIDE}, {SIDE}), np.int32)
ids[:1984, :1984] = np.repeat(np.repeat(np.arange(1, 962, dtype=np.int32).reshape(31, 31), 64, 0), 64, 1)
ids[::16] = 0
names = ("object",) * 961, tuple(map(str, range(961)))
known, found = Instances(ids, *names), Instances(np.roll(ids, 3, 1), *names)
before = peak_mib()
comparison = compare(found, known)
comparison.raster()
assert comparison.of("object").objects == 961
print(peak_mib() - before)
"""


def test_peak_memory_of_a_comparison(measured: Callable[..., list[str]]) -> None:
    used, masks = float(measured(SCRIPT)[0]), 2 * 4 * SIDE**2 / 2**20
    assert used < 2.5 * masks, f"{used:.0f} MiB beyond the masks, which take {masks:.0f} MiB"
