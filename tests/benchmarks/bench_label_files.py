"""Label files with 100 000 labels: reading and mending, beside parsing the same JSON alone, and pycocotools.

Reading gives values that can be drawn and edited, with every label checked: finite numbers, three points, inside the
image, not crossing itself. `json.loads` gives dictionaries, `pycocotools` its index of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from axons_kernel.annotations import Annotation, LabelClass, PolygonLabel
from axons_kernel.formats.registry import FORMATS
from axons_kernel.formats.repairs import repaired
from axons_kernel.formats.values import Hints, ImageLabels
from axons_kernel.pausing import collection_paused

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SHAPE = (20_000, 20_000)
CORNERS = 12


def image() -> ImageLabels:
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    labels = []
    for number in range(COUNT):
        centre, radius = rng.uniform(50, 19_950, 2), rng.uniform(8, 16, CORNERS)
        points = np.round(centre + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1), 2)
        ring = tuple((float(x), float(y)) for x, y in points)
        labels.append(PolygonLabel(label_class="axon", object_id=f"bench__{number}", regions=(ring,)))
    return ImageLabels("bench", Annotation(tuple(labels)), SHAPE)


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def read(name: str, data: bytes) -> int:
    reader = FORMATS[name].read
    assert reader is not None
    with collection_paused():  # as an import does
        reading = reader("bench", data, Hints(("axon",), {"bench": SHAPE}, frozenset({SHAPE})))
        return len(repaired(reading.images[0].annotation, SHAPE, []).labels)


def pycocotools(data: bytes) -> float | None:
    try:
        from pycocotools.coco import COCO
    except ModuleNotFoundError:
        return None
    with tempfile.NamedTemporaryFile(suffix=".json") as file, contextlib.redirect_stdout(io.StringIO()):
        Path(file.name).write_bytes(data)
        return seconds(lambda: COCO(file.name))


def main() -> None:
    labels, classes = image(), (LabelClass("axon", (230, 159, 0)),)
    print(f"{COUNT} outlines of {CORNERS} points")
    for name in ("django-labeller", "coco", "geojson", "labelme", "imagej"):
        written = seconds(lambda name=name: FORMATS[name].write((labels,), classes))
        (data,) = FORMATS[name].write((labels,), classes).files.values()
        assert read(name, data) == COUNT
        own = seconds(lambda name=name, data=data: read(name, data))
        line = f"{name:16} {len(data) / 1e6:5.0f} MB  write {written:5.2f} s  read {own:5.2f} s"
        if name != "imagej":
            alone = seconds(lambda data=data: json.loads(data))
            line += f"  json.loads {alone:5.2f} s  ratio {own / alone:4.1f}"
        if name == "coco":
            theirs = pycocotools(data)
            line += (
                "  pycocotools is not installed"
                if theirs is None
                else f"  pycocotools {theirs:5.2f} s  ratio {own / theirs:4.2f}"
            )
        print(line, flush=True)


if __name__ == "__main__":
    main()
