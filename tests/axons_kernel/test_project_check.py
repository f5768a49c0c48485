"""`project.check()`: a sound project has no problem, and each kind of damage is one line that says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from axons_kernel.copying import copy_project
from axons_kernel.project import Project
from axons_kernel.project_check import check_project
from axons_kernel.storage import Store, s3_client

Damage = Callable[[Store], Any]


def edited(key: str, **changes: Any) -> Damage:
    """Change keys of a JSON document; None removes one."""

    def damage(store: Store) -> None:
        content = json.loads(store.read(key)) | changes
        store.write(key, json.dumps({k: v for k, v in content.items() if v is not None}).encode())

    return damage


def flipped(key: str) -> Damage:
    """Change one byte in the middle of an object."""

    def damage(store: Store) -> None:
        data = bytearray(store.read(key))
        data[len(data) // 2] ^= 255
        store.write(key, bytes(data))

    return damage


def removed(key: str) -> Damage:
    return lambda store: store.remove(key)


def cut(key: str) -> Damage:
    return lambda store: store.write(key, store.read(key)[:-100])


def written(key: str, data: bytes) -> Damage:
    return lambda store: store.write(key, data)


def test_finished_project_is_sound(finished: Project) -> None:
    assert finished.check() == []


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (written("project.json", b"{"), "project.json: is not readable JSON.* Take it from a copy of the project."),
        (removed("images/left/image.tif"), "images/left/image.tif: it is missing. Import left again"),
        (cut("images/left/image.tif"), r"images/left/image.tif: it has \d+ bytes, and was written with \d+. Import"),
        (flipped("images/left/image.tif"), "images/left/image.tif: its content is not what was written"),
        (edited("images/left/image.json", height=95), "image.tif: it is 128 x 96 pixels, and image.json says 128 x 95"),
        (edited("images/left/image.json", name="x"), "images/left/image.json: it says that its name is 'x'"),
        (
            edited("images/left/image.json", dtype=None),
            "images/left/image.json: is not a valid image: dtype: field req",
        ),
        (edited("images/left/image.json", schema="axons.image/9"), "image.json: was written by a newer Axons"),
        (written("annotations/left__labels.json", b"[1]"), "left__labels.json: its labels cannot be read: .*copy of"),
        (written("annotations/gone__labels.json", b"[]"), "gone__labels.json: there is no image 'gone'. Import it ag"),
        (edited("project.json", classes=[]), r"labels have classes .* not know: disc. Add them: project.add_classes"),
        (edited("tilings/left.json", tiles=[[100, 0, 64, 64]]), "tilings/left.json: 1 tiles lie outside of the image"),
        (edited("tilings/left.json", image="gone"), "tilings/left.json: there is no image 'gone'"),
        (edited("training_sets/set-1.json", pixel_size_um=3), "set-1.json: it was changed after it was made"),
        (removed("training_sets/set-1.json"), "models/run-1/model.json: there is no training set 'set-1'"),
        (
            written("runs/run-1/config.json", b"[]"),
            "runs/run-1/config.json: should hold a JSON object, and holds a list",
        ),
        (written("runs/run-1/status.json", b""), "runs/run-1/status.json: is not readable JSON"),
        (written("runs/run-1/metrics.jsonl", b'{"a": 1}\n{"a\n'), "metrics.jsonl: line 2 cannot be read. Start"),
        (flipped("models/run-1/model.safetensors"), "model.safetensors: its content is not what was written.* Train"),
        (removed("models/run-1/model.safetensors"), "models/run-1/model.safetensors: it is missing. Train the model"),
        (
            edited("models/run-1/model.json", training_set_sha256="x"),
            "set 'set-1' is not the one that it was made from",
        ),
        (removed("predictions/right/run-1/mask.tif"), "right/run-1/mask.tif: it is missing. Predict the image again."),
        (written("predictions/right/run-1/mask.tif", b"II*\0"), "mask.tif: it cannot be read: .*Predict the image"),
        (written("predictions/right/run-1/report.json", b"{}"), "report.json: says its schema is None"),
    ],
)
def test_damage_is_told(finished: Project, damage: Damage, problem: str) -> None:
    damage(finished.store)
    lines = [str(found) for found in finished.check()]
    assert any(re.search(problem, line) for line in lines), lines
    assert all("\n" not in line and line.endswith(".") and ".." not in line for line in lines)


def test_a_swapped_mask_is_told(finished: Project) -> None:
    finished.store.write("predictions/right/run-1/mask.tif", finished.store.read("images/left/image.tif"))
    edited("images/right/image.json", height=90, file_sha256=None, file_bytes=None)(finished.store)
    assert any("mask.tif: it is 128 x 96 pixels, unlike its image" in str(found) for found in finished.check())


def test_image_without_a_checksum_is_decoded(finished: Project) -> None:
    """Images that an earlier version imported have none."""
    for image in ("left", "right"):
        edited(f"images/{image}/image.json", file_sha256=None, file_bytes=None)(finished.store)
    assert finished.check() == []
    data = bytearray(finished.store.read("images/left/image.tif"))
    data[200:1200] = bytes(1000)
    finished.store.write("images/left/image.tif", bytes(data))
    assert [found.key for found in finished.check()] == ["images/left/image.tif"]


def test_every_problem_is_told_in_order(finished: Project) -> None:
    for damage in (removed("images/left/image.tif"), written("tilings/left.json", b""), written("project.json", b"")):
        damage(finished.store)
    keys = [found.key for found in finished.check()]
    assert keys == ["images/left/image.tif", "project.json", "tilings/left.json"]


def test_objects_are_counted(finished: Project) -> None:
    done: list[None] = []
    assert check_project(finished.store, lambda: done.append(None)) == []
    assert len(done) == 2 + 2 + 2 + 1 + 1 + 1 + 1  # images, labels, tilings, training set, run, model, prediction


def test_on_every_storage(finished: Project, store_url: str) -> None:
    store = Store(store_url)
    copy_project(finished.store, store, progress=False)
    assert Project(store).check() == []
    flipped("models/run-1/model.safetensors")(store)
    store.remove("images/left/image.tif")
    assert [found.key for found in Project(store).check()] == [
        "images/left/image.tif",
        "models/run-1/model.safetensors",
    ]


def test_content_that_rots_on_the_server_is_told(finished: Project, s3_url: str) -> None:
    store = Store(s3_url)
    copy_project(finished.store, store, progress=False)
    bucket, _, key = store.path("images/left/image.tif").removeprefix("s3://").partition("/")
    noted = store.stat("images/left/image.tif").sha256 or ""
    data = bytearray(store.read("images/left/image.tif"))
    data[-10] ^= 1
    s3_client.call("put_object", Bucket=bucket, Key=key, Body=bytes(data), Metadata={"axons-sha256": noted})
    (found,) = Project(store).check()
    assert "image.tif is damaged: its content is not what its writer noted" in str(found)
