"""Labels are stored soon, completely, and never over somebody else's; also when the process is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, LabelClass, PointLabel, PolygonLabel, label_line
from axons_kernel.errors import ConflictError, StorageError
from axons_kernel.label_files import LabelShelf
from axons_kernel.storage import Store
from axons_kernel.widget.answering import Course
from axons_kernel.widget.autosave import Callback, Encoder
from axons_kernel.widget.desk import Desk
from axons_kernel.widget.document import Settings
from axons_kernel.widget.picture import Picture
from axons_kernel.widget.protocol import Saved

KEY = "annotations/nerve__labels.json"
SQUARE = PolygonLabel(label_class="axon", regions=(((4, 4), (14, 4), (14, 14), (4, 14)),))


class Notebook:
    """A desk on an image of a project, as one of several notebooks has it."""

    def __init__(self, root: Path, *, delay_s: float = 60.0, shelf: Any = None) -> None:
        self.heard: list[Saved] = []
        self.seq = 0
        self.session = f"view-{id(self)}"
        self.shelf = shelf or LabelShelf(Store(root), KEY, "nerve.tif")
        classes = (LabelClass("axon", (0, 0, 255)), LabelClass("myelin", (255, 0, 0)))
        self.desk = Desk(
            self.shelf,
            Picture.of(np.zeros((64, 64), np.uint8)),
            [(0, 0, 64, 64)],
            Settings(("axon", "myelin")),
            Course(classes),
            told=self.heard.append,
            delay_s=delay_s,
        )

    def do(self, op: str, /, **content: Any) -> Any:
        self.seq += 1
        head = {"op": op, "session": self.session, "seq": self.seq, "base_rev": 0, "tile": 0}
        return self.desk.receive({**head, **content}).content

    def ask(self, op: str, /, **content: Any) -> Any:
        return self.desk.receive({"op": op, "session": self.session, "request": 1, **content}).content

    def point(self, x: float = 8, y: float = 8) -> Any:
        return self.do("point", label_class="axon", x=round(16 * x), y=round(16 * y))


def stored(root: Path) -> Annotation:
    return Annotation.from_json(json.loads((root / KEY).read_text()))


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_change_is_stored_by_itself_and_told(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, delay_s=0.05)
    assert not (tmp_path / KEY).exists(), "opening an image writes nothing"
    notebook.point()
    wait_for(lambda: notebook.heard)
    assert stored(tmp_path) == notebook.desk.annotation
    assert notebook.heard[0]["seqs"] == {notebook.session: 1}
    assert (notebook.heard[0]["rev"], notebook.heard[0]["error"]) == (1, None)


def test_changes_that_come_together_are_stored_together(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, delay_s=0.4)
    for i in range(20):
        notebook.point(x=i)
    wait_for(lambda: notebook.heard)
    assert (len(notebook.heard), notebook.heard[0]["rev"]) == (1, 20)
    notebook.desk.flush()
    assert len(notebook.heard) == 1, "what is stored is not stored again"


def test_save_now(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path)
    notebook.point()
    answer = notebook.ask("save")
    assert (answer["answer"], answer["request"], answer["seqs"]) == ("saved", 1, {notebook.session: 1})
    assert len(stored(tmp_path).labels) == 1


def test_unknown_keys_of_a_file_stay(tmp_path: Path) -> None:
    (tmp_path / KEY).parent.mkdir()
    old = {"complete": True, "labels": [{**SQUARE.to_json(), "mood": "fine"}], "creation_date": "2019-01-01"}
    (tmp_path / KEY).write_text(json.dumps(old))
    notebook = Notebook(tmp_path)
    notebook.point()
    notebook.desk.flush()
    new = json.loads((tmp_path / KEY).read_text())
    assert (new["creation_date"], new["completed_tasks"], new["labels"][0]["mood"]) == (
        "2019-01-01",
        ["finished"],
        "fine",
    )


def conflict(tmp_path: Path) -> tuple[Notebook, Notebook]:
    """Two notebooks that started from one square; the first has stored, the second could not."""
    start = Notebook(tmp_path)
    start.do("polygon", label_class="axon", rings=[[64, 64, 224, 64, 224, 224, 64, 224]])
    start.desk.flush()
    first, second = Notebook(tmp_path), Notebook(tmp_path)
    first.do("class", ids=[1], label_class="myelin")
    first.point(30, 30)
    first.desk.flush()
    second.do("stroke", mode="add", target=1, points=[400, 400], radius=64)
    second.point(40, 40)
    second.desk.flush()
    assert second.heard[-1]["conflict"] is True
    assert "another notebook" in str(second.heard[-1]["error"])
    assert len(stored(tmp_path).labels) == 2, "nothing was overwritten"
    return first, second


def test_two_notebooks_keep_both(tmp_path: Path) -> None:
    _, second = conflict(tmp_path)
    number = max(second.desk.conversation.document.sheet.labels)
    second.point(50, 50)
    answer = second.ask("resolve", choice="keep_both")
    assert (answer["conflict"], answer["error"], answer["seqs"][second.session]) == (False, None, 3)
    labels = stored(tmp_path).labels
    assert labels == second.desk.annotation.labels
    assert [label.label_class for label in labels if label.label_type == "polygon"] == ["axon", "myelin"]
    points = {label.position for label in labels if isinstance(label, PointLabel)}
    assert points == {(30, 30), (40, 40), (50, 50)}
    sheet = second.desk.conversation.document.sheet
    assert sheet.labels[number].label.position == (40, 40), "an op on its way still means the same label"  # type: ignore[attr-defined]
    second.point(60, 60)
    second.desk.flush()
    assert second.heard[-1]["conflict"] is False


def test_two_notebooks_take_theirs(tmp_path: Path) -> None:
    first, second = conflict(tmp_path)
    second.ask("resolve", choice="reload")
    assert second.desk.annotation.labels == first.desk.annotation.labels
    second.point(60, 60)
    second.desk.flush()
    assert len(stored(tmp_path).labels) == 3
    assert "no conflict" in second.ask("resolve", choice="reload")["error"]


def test_a_failure_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axons_kernel.widget.autosave.RETRY_S", 0.05)
    notebook = Notebook(tmp_path, delay_s=0.02)
    whole = notebook.shelf.replace
    tries: list[int] = []

    def full(*arguments: Any) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise StorageError("Cannot write: the disk is full.")
        return str(whole(*arguments))

    monkeypatch.setattr(notebook.shelf, "replace", full)
    notebook.point()
    wait_for(lambda: notebook.heard and notebook.heard[-1]["error"] is None)
    assert [message["error"] for message in notebook.heard] == ["Cannot write: the disk is full."] * 2 + [None]
    assert len(stored(tmp_path).labels) == 1


def test_labels_without_a_file_go_to_the_function() -> None:
    saved: list[Annotation] = []
    notebook = Notebook(Path(), shelf=Callback(Annotation((SQUARE,)), saved.append))
    notebook.point()
    notebook.desk.flush()
    assert saved[0].labels[0] is SQUARE
    assert notebook.heard[-1]["seqs"] == {notebook.session: 1}


def test_the_encoder_writes_what_annotations_write() -> None:
    encoder, labels = Encoder(), (SQUARE, PointLabel(label_class="axon", position=(1, 2)))
    for annotation in (Annotation(labels), Annotation(labels[::-1], extra={"a": 1}), Annotation(labels[:1])):
        assert encoder.encode(annotation) == annotation.encode()


def test_many_labels_are_written_before_the_first_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = Annotation(tuple(PointLabel(label_class="axon", position=(i % 64, i // 64)) for i in range(1000)))
    shelf = LabelShelf(Store(tmp_path), KEY, "nerve.tif")
    shelf.replace(many, shelf.read().version, Annotation.encode)
    monkeypatch.setattr("axons_kernel.widget.autosave.WARM_S", 0.0)
    notebook = Notebook(tmp_path)
    encoder = notebook.desk.autosave._encoder
    wait_for(lambda: len(encoder._lines) == 1000)
    written: list[Any] = []
    monkeypatch.setattr(
        "axons_kernel.widget.autosave.label_line", lambda label: written.append(label) or label_line(label)
    )
    notebook.point()
    notebook.desk.flush()
    assert len(written) == 1, "the line of the new label only"
    assert stored(tmp_path) == notebook.desk.annotation


SCRIPT = """
import sys, time
import numpy as np
from pathlib import Path
from test_desk import Notebook
notebook = Notebook(Path(sys.argv[1]), delay_s=0.3)
print("session", notebook.session, flush=True)
while True:
    answer = notebook.point(notebook.seq % 64, notebook.seq // 64 % 64)
    assert answer["answer"] == "ack", answer
    print(answer["seq"], time.time(), flush=True)
    if notebook.seq == int(sys.argv[2]):
        break
    time.sleep(0.01)
"""


def child(root: Path, count: int) -> subprocess.Popen[str]:
    here = Path(__file__)
    environment = {**os.environ, "PYTHONPATH": f"{here.parents[3]}:{here.parent}"}
    command = [sys.executable, "-c", SCRIPT, str(root), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("seconds", [0.7, 1.1, 1.6])
def test_killed_at_any_moment_only_what_is_newer_than_the_delay_is_lost(tmp_path: Path, seconds: float) -> None:
    with child(tmp_path, 10**9) as process:
        assert process.stdout
        session = process.stdout.readline().split()[1]
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        killed = time.time()
        lines = [line.split() for line in process.stdout if line.endswith("\n")]
    acknowledged = [int(seq) for seq, when in lines if float(when) < killed - 0.3 - 0.3]  # 0.3 s for storing itself
    annotation = stored(tmp_path)
    last = annotation.extra["axons"]["sessions"][session]
    assert acknowledged
    assert len(annotation.labels) == last >= acknowledged[-1]


def test_the_end_of_the_process_stores_what_is_left(tmp_path: Path) -> None:
    with child(tmp_path, 5) as process:
        assert process.wait(60) == 0
    assert len(stored(tmp_path).labels) == 5


GROWTH = """
import sys
import numpy as np
from pathlib import Path
from test_desk import Notebook, strokes
notebook = Notebook(Path(sys.argv[1]))
strokes(notebook, 0, 600)
before = peak_mib()
strokes(notebook, 600, 1600)
print(peak_mib() - before)
"""


def strokes(notebook: Notebook, first: int, last: int) -> None:
    """Paint over and over on one small tile, storing now and then."""
    rng = np.random.default_rng(first)
    for i in range(first, last):
        points = rng.integers(0, 1024, 40).tolist()
        if i % 4 == 0:
            notebook.do("stroke", label_class="axon", points=points, radius=40)
        elif i % 4 == 1:
            notebook.do("delete", ids=[min(notebook.desk.conversation.document.sheet.labels)])
        else:
            notebook.do("stroke", mode="subtract", points=points[:8], radius=60)
        if i % 100 == 0:
            notebook.desk.flush()


def test_memory_is_flat_after_a_thousand_strokes(tmp_path: Path, measured: Callable[..., list[str]]) -> None:
    here = Path(__file__)
    (grown_mib,) = measured(GROWTH, tmp_path, PYTHONPATH=f"{here.parents[3]}:{here.parent}")
    assert float(grown_mib) < 10, "MiB that a thousand further strokes have taken"


def test_a_conflict_is_an_error_of_the_shelf(tmp_path: Path) -> None:
    shelf = LabelShelf(Store(tmp_path), KEY, "nerve.tif")
    version = shelf.replace(Annotation(), shelf.read().version, Annotation.encode)
    with pytest.raises(ConflictError):
        shelf.replace(Annotation(), "other", Annotation.encode)
    assert shelf.read().version == version
