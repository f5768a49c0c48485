"""Label files that several notebooks write: merged where an editor is open, refused where a notebook is behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from axons_kernel import label_files
from axons_kernel.annotations import Annotation
from axons_kernel.errors import ConflictError
from axons_kernel.label_files import LabelEditing, read_annotation, write_annotation
from axons_kernel.labels import PointLabel
from axons_kernel.storage import Store

KEY = "annotations/a__labels.json"


def label(name: str, x: float = 0.0) -> PointLabel:
    return PointLabel(object_id=name, position=(x, 0.0))


def names(store: Store) -> list[str]:
    return [item.object_id for item in read_annotation(store, KEY, "a").labels]


@pytest.fixture
def store(store_url: str) -> Store:
    return Store(store_url)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process writes counts as another's."""
    monkeypatch.setattr(label_files, "_written", Forgetful())


class Forgetful(dict[str, str]):
    def __setitem__(self, key: str, value: str) -> None:
        pass


def test_no_file_is_no_labels(store: Store) -> None:
    found = read_annotation(store, KEY, "a.tif")
    assert found == Annotation(image_filename="a.tif") and found.version == label_files.ABSENT


def test_written_labels_come_back(store: Store) -> None:
    write_annotation(store, KEY, Annotation((label("1"),), "a.tif"))
    assert read_annotation(store, KEY, "") == Annotation((label("1"),), "a.tif")


def test_own_saves_follow_each_other(store: Store) -> None:
    known = read_annotation(store, KEY, "a")
    write_annotation(store, KEY, known.adding(label("1")))
    write_annotation(store, KEY, known.adding(label("2")))  # a cell that is run again
    assert names(store) == ["2"]


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("there", [False, True])
def test_labels_that_are_behind_are_refused(store: Store, there: bool) -> None:
    if there:
        write_annotation(store, KEY, Annotation((label("1"),)))
    behind = read_annotation(store, KEY, "a")
    write_annotation(store, KEY, read_annotation(store, KEY, "a").adding(label("theirs")))
    before = store.read(KEY)
    with pytest.raises(ConflictError, match=rf"{KEY} was changed by another process.*image\.annotation\(\)"):
        write_annotation(store, KEY, behind.adding(label("mine")))
    assert store.read(KEY) == before
    write_annotation(store, KEY, read_annotation(store, KEY, "a").adding(label("mine")))
    assert names(store)[-2:] == ["theirs", "mine"]


@pytest.mark.usefixtures("elsewhere")
def test_labels_made_from_nothing_replace_all(store: Store) -> None:
    write_annotation(store, KEY, Annotation((label("1"),)))
    write_annotation(store, KEY, Annotation((label("2"),)))
    assert names(store) == ["2"]


def test_two_editors_keep_both(store: Store) -> None:
    one, other = (LabelEditing(store, KEY, "a") for _ in range(2))
    mine, theirs = one.annotation, other.annotation
    for number in range(3):
        mine = mine.adding(label(f"m{number}"))
        one.save(mine)
        theirs = theirs.adding(label(f"t{number}"))
        other.save(theirs)
    assert sorted(names(store)) == ["m0", "m1", "m2", "t0", "t1", "t2"]
    one.save(mine.without(["m0"]))
    other.save(theirs.without(["t1"]))
    assert sorted(names(store)) == ["m1", "m2", "t0", "t2"]


def test_an_editor_deletes_what_it_added(store: Store) -> None:
    one, other = (LabelEditing(store, KEY, "a") for _ in range(2))
    mine = one.annotation.adding(label("m"))
    one.save(mine)
    other.save(other.annotation.adding(label("t")))
    one.save(mine.without(["m"]))
    assert names(store) == ["t"]


def test_same_label_moved_by_two_editors_is_a_conflict(store: Store) -> None:
    write_annotation(store, KEY, Annotation((label("1"),)))
    one, other = (LabelEditing(store, KEY, "a") for _ in range(2))
    one.save(Annotation((label("1", 3),)))
    before = store.read(KEY)
    with pytest.raises(ConflictError, match="1 label was changed here and by somebody else"):
        other.save(Annotation((label("1", 9),)))
    assert store.read(KEY) == before


def test_nan_is_not_saved(store: Store) -> None:
    editing = LabelEditing(store, KEY, "a")
    with pytest.raises(ValueError, match="not JSON compliant"):
        editing.save(Annotation((label("1", float("nan")),)))
    assert not store.exists(KEY)


HAMMER = """
import sys
from axons_kernel.label_files import LabelEditing
from axons_kernel.labels import PointLabel
from axons_kernel.project import open_project
from axons_kernel.storage import Store
url, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
project = open_project(url)
editing = LabelEditing(Store(url), "annotations/a__labels.json", "a")
labels = editing.annotation
for number in range(count):
    labels = labels.adding(PointLabel(object_id=f"{who}{number}", position=(number, 0)))
    editing.save(labels)
    project.add_classes([f"{who}{number}"])
    project.store.append_line("log.txt", f"{who}{number}")
    project.store.create(f"runs/run-{number}/config.json", who.encode())
"""


@pytest.mark.parametrize("store_url", ["file", "s3"], indirect=True)
def test_two_processes_lose_nothing(store_url: str, tmp_path: Path) -> None:
    count = 12
    command = [sys.executable, "-c", HAMMER, store_url]
    writers = [subprocess.Popen([*command, who, str(count)], stderr=subprocess.PIPE, text=True) for who in "xy"]
    errors = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], errors
    from axons_kernel.project import open_project

    project = open_project(store_url, create=False)
    expected = sorted(f"{who}{number}" for who in "xy" for number in range(count))
    assert sorted(c.name for c in project.classes) == expected
    assert sorted(names(project.store)) == expected
    assert sorted(project.store.read("log.txt").decode().splitlines()) == expected
