"""What crashes leave is found and removed; what a person made, or what may still be at work, stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from axons_kernel.project import Project
from axons_kernel.project_gc import find_leftovers, remove_leftovers
from axons_kernel.storage import TEMPORARY_PREFIX, Store, s3_client


@pytest.fixture
def store(store_url: str) -> Store:
    return Store(store_url)


LEFT = {
    f"images/a/{TEMPORARY_PREFIX}1": "temporary",
    f"{TEMPORARY_PREFIX}2": "temporary",
    "images/cut/image.tif": "without its document",
    "models/cut/model.safetensors": "without its document",
    "predictions/a/cut/mask.tif": "without its document",
    "predictions/a/cut/deep/0.0": "without its document",
    "runs/cut/checkpoints/best.safetensors": "without its document",
}
KEPT = [
    *("project.json", "images/a/image.tif", "images/a/image.json", "annotations/gone__labels.json"),
    *("tilings/gone.json", "training_sets/set-1.json", "runs/r/config.json", "runs/r/checkpoints/last.safetensors"),
    *("models/m/model.json", "models/m/model.safetensors", "predictions/a/m/summary.json", "predictions/a/m/mask.tif"),
    *("images/notes.txt", "notes/a/b/c"),
]


def test_leftovers_are_found_and_removed(store: Store) -> None:
    for key in (*LEFT, *KEPT):
        store.write(key, b"12345")
    found = find_leftovers(store, 0)
    assert {leftover.key: leftover.kind for leftover in found} == LEFT
    assert {leftover.bytes for leftover in found} == {5}
    remove_leftovers(store, found)
    assert sorted(key for key, _ in store.walk()) == sorted(KEPT)
    assert list(store.walk(temporaries=True)) == [] and find_leftovers(store, 0) == []
    remove_leftovers(store, found)  # gone already: no error


def test_what_is_young_may_be_at_work(store: Store) -> None:
    for key in LEFT:
        store.write(key, b"")
    assert find_leftovers(store) == []


def test_a_folder_is_as_young_as_its_youngest_object(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    store.write("images/a/image.tif", b"")
    store.write("images/a/more.tif", b"")
    ages = {"images/a/image.tif": 7200.0, "images/a/more.tif": 10.0}
    walk = Store.walk

    def aged(self: Store, folder: str = "", **options: Any) -> Any:
        from dataclasses import replace

        for key, stat in walk(self, folder, **options):
            yield key, replace(stat, modified=time.time() - ages[key])

    monkeypatch.setattr(Store, "walk", aged)
    assert find_leftovers(store) == []
    ages["images/a/more.tif"] = 7000.0
    assert len(find_leftovers(store)) == 2


def test_sound_project_has_none(finished: Project) -> None:
    assert find_leftovers(finished.store, 0) == []


@pytest.fixture
def begun_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's server says of every upload that it began in 2010."""
    call = s3_client.call

    def dated(method: str, **request: Any) -> dict[str, Any]:
        answer = call(method, **request)
        for upload in answer.get("Uploads", ()):
            upload["Initiated"] = datetime.now(UTC)
        return answer

    monkeypatch.setattr(s3_client, "call", dated)


@pytest.mark.usefixtures("begun_now")
def test_unfinished_uploads_are_given_up(s3_url: str) -> None:
    store, other = Store(s3_url), Store(s3_url + "-other")
    for place in (store, other):
        bucket, _, key = place.path("images/a/image.tif").removeprefix("s3://").partition("/")
        s3_client.call("create_multipart_upload", Bucket=bucket, Key=key)
    (found,) = find_leftovers(store, 0)
    assert (found.key, found.kind) == ("images/a/image.tif", "unfinished upload") and found.id
    assert find_leftovers(store) == []
    remove_leftovers(store, [found, found])
    assert find_leftovers(store, 0) == [] and len(find_leftovers(other, 0)) == 1
