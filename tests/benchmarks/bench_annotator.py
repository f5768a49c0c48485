"""The annotator's kernel side on a tile with 5000 labels: an op of each kind, the first state, and storing.

Peers: django-labeller's way to store (the whole list through `json.dump` with an indent), in the same run on the same
labels.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from axons_kernel.annotations import Annotation, LabelClass, PolygonLabel
from axons_kernel.label_files import LabelShelf
from axons_kernel.storage import Store
from axons_kernel.widget.answering import Course
from axons_kernel.widget.desk import Desk
from axons_kernel.widget.document import Settings
from axons_kernel.widget.picture import Picture

SIDE, COUNT, CORNERS = 1024, 5000, 40


def labels() -> Annotation:
    """Rounded cells side by side, with corners on half pixels as painted labels have them."""
    columns = math.isqrt(COUNT)
    step = SIDE / columns
    found = []
    for i in range(COUNT):
        x, y = (i % columns + 0.5) * step, (i // columns + 0.5) * step * columns / math.ceil(COUNT / columns)
        turn = [math.tau * k / CORNERS for k in range(CORNERS)]
        ring = tuple((round(2 * (x + 6 * math.cos(a))) / 2, round(2 * (y + 6 * math.sin(a))) / 2) for a in turn)
        found.append(PolygonLabel(label_class="axon", regions=(ring,)))
    return Annotation(tuple(found))


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def cpu_milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


class Bench:
    """A desk on a project in a folder."""

    def __init__(self, root: Path, annotation: Annotation) -> None:
        self.shelf = LabelShelf(Store(root), "annotations/nerve__labels.json", "nerve.tif")
        self.shelf.replace(annotation, self.shelf.read().version, Annotation.encode)
        pixels = np.random.default_rng(0).integers(0, 4000, (SIDE, SIDE)).astype(np.uint16)
        classes = (LabelClass("axon", (0, 0, 255)),)
        tiles = [(0, 0, SIDE, SIDE)]
        self.seq = 0
        self.desk = Desk(self.shelf, Picture.of(pixels), tiles, Settings(("axon",)), Course(classes), delay_s=3600)

    def do(self, op: str, /, **content: object) -> None:
        self.seq += 1
        head = {"op": op, "session": "bench", "seq": self.seq, "base_rev": 0, "tile": 0}
        answer = self.desk.receive({**head, **content}).content
        if answer["answer"] != "ack":
            raise SystemExit(f"{op}: {answer['error']}")

    def hello(self) -> None:
        self.desk.receive({"op": "hello", "session": "bench", "request": 1, "next": 1})


def main() -> None:
    annotation = labels()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), annotation)
        print(f"annotator, {len(annotation.labels)} labels of {CORNERS} corners on {SIDE} x {SIDE} pixels:")
        print(f"  first state: {milliseconds(bench.hello):.0f} ms, again: {milliseconds(bench.hello):.0f} ms")
        first = milliseconds(bench.desk.flush) if bench.do("delete", ids=[1]) is None else 0.0
        stroke = []
        for _ in range(40):
            points = (rng.integers(100, SIDE - 100, 2) * 16 + rng.integers(-400, 400, (30, 2))).ravel().tolist()
            stroke.append(milliseconds(lambda p=points: bench.do("stroke", label_class="axon", points=p, radius=80)))
        erase = []
        for _ in range(40):
            points = (rng.integers(100, SIDE - 100, 2) * 16 + rng.integers(-400, 400, (30, 2))).ravel().tolist()
            erase.append(milliseconds(lambda p=points: bench.do("stroke", mode="subtract", points=p, radius=80)))
        undo = [milliseconds(lambda: bench.do("undo")) for _ in range(40)]
        for name, times in (("brush", stroke), ("eraser through many", erase), ("undo", undo)):
            print(f"  {name}: median {statistics.median(times):.1f} ms, p95 {p95(times):.1f} ms")
        bench.do("stroke", label_class="axon", points=[5000, 5000], radius=80)
        again = milliseconds(bench.desk.flush)
        bench.do("stroke", label_class="axon", points=[9000, 5000], radius=80)
        cpu = cpu_milliseconds(bench.desk.flush)
        path = Path(folder) / "peer.json"
        peer = milliseconds(lambda: path.write_text(json.dumps(bench.desk.annotation.to_json(), indent=4)))
        print(f"  storing: the first time {first:.0f} ms, after a stroke {again:.0f} ms (CPU {cpu:.0f} ms)")
        print(f"    django-labeller's way (json, indent 4): {peer:.0f} ms, ratio {peer / again:.1f}")


if __name__ == "__main__":
    main()
