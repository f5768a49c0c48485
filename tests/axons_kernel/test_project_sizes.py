"""How much room a project takes, as a table."""

from __future__ import annotations

from axons_kernel.project import Project
from axons_kernel.project_sizes import measure
from axons_kernel.storage import TEMPORARY_PREFIX, Store


def test_sizes_by_kind_and_image(store_url: str) -> None:
    store = Store(store_url)
    sizes = {
        "project.json": 10,
        "images/a/image.tif": 2_000_000,
        "images/a/image.json": 500,
        "images/b/image.tif": 1_000,
        "annotations/a__labels.json": 300,
        "tilings/a.json": 40,
        "predictions/a/m/mask.tif": 5_000,
        "runs/r/log.txt": 7,
        "models": 3,
        f"images/{TEMPORARY_PREFIX}1": 99,
    }
    for key, size in sizes.items():
        store.write(key, bytes(size))
    found = measure(store)
    assert found.by_kind == {
        "images": 2_001_500, "annotations": 300, "tilings": 40, "predictions": 5_000, "runs": 7, "other": 13,
    }  # fmt: skip
    assert found.by_image["a"] == {"images": 2_000_500, "annotations": 300, "tilings": 40, "predictions": 5_000}
    assert found.by_image["b"] == {"images": 1_000}


def test_table(finished: Project) -> None:
    lines = str(measure(finished.store)).splitlines()
    assert lines[0].split() == ["image", "images", "annotations", "tilings", "predictions", "together"]
    assert [line.split()[0] for line in lines[1:3]] == ["right", "left"]  # the larger first
    assert lines[2].split()[-3] == "-"  # left was not predicted
    assert [line.split()[0] for line in lines[5:]] == ["training_sets", "runs", "models", "other", "everything"]


def test_empty_project(store_url: str) -> None:
    text = str(measure(Store(store_url)))
    assert "all images" in text and text.endswith("0 B")
