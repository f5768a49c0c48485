"""The whole way through a project, on a folder, in memory and on S3: the same results, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from axons_kernel import project_tiles
from axons_kernel.errors import ConflictError
from axons_kernel.labels import PointLabel
from axons_kernel.project import Project, open_project
from axons_kernel.project_gc import find_leftovers
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig

TINY = TrainingConfig(epochs=2, batch=1, crop=64, width=4, depth=2)


def test_the_whole_way(store_url: str, add_discs: Callable[..., str]) -> None:
    project = open_project(store_url)
    for seed, name in enumerate(("left", "right")):
        add_discs(project, name, seed=seed)
    image = project.image("left")
    image.save_annotation(image.annotation().adding(PointLabel(position=(1, 1), label_class="disc")))
    assert image.annotation().counts()["disc"] > 1
    assert [tile.width for tile in project.tiling("left").tiles] == [64] * 4
    assert project.check() == []

    training_set = project.create_training_set(images=["left"], validation=0.2, test=0.2)
    run = project.train(training_set, TINY, on="inline")
    assert run.status().state == "finished" and len(run.metrics()) == 2

    prediction = project.predict(run.best, "right", progress=False)
    assert prediction.mask().shape == (128, 128)
    report = project.evaluate(prediction)
    assert 0 <= report.dice() <= 1 and report.scores.scored_share == 1

    again = open_project(store_url, create=False)
    assert [image.name for image in again.images()] == ["left", "right"]
    np.testing.assert_array_equal(again.image("right").pixels(), project.image("right").pixels())
    assert again.check() == [] and find_leftovers(again.store, 0) == []


def test_reading_again_downloads_nothing(s3_url: str, add_discs: Callable[..., str]) -> None:
    project = open_project(s3_url)
    add_discs(project, "left")
    found = []
    for _ in range(3):
        project = open_project(s3_url)
        project.image("left").pixels()
        project.image("left").mask()
        found.append(project.cache_info())
    assert found[0].misses == found[2].misses and found[2].hits >= found[0].hits + 8 and found[2].objects >= 4


@pytest.mark.parametrize("store_url", ["file", "memory"], indirect=True)
def test_what_is_on_this_machine_is_not_cached(store_url: str) -> None:
    info = open_project(store_url).cache_info()
    assert (info.hits, info.misses, info.limit) == (0, 0, 0)


def test_training_in_the_background_on_s3(s3_url: str, add_discs: Callable[..., str]) -> None:
    project = open_project(s3_url)
    add_discs(project, "left")
    run = project.train(project.create_training_set(images=["left"]), TINY)
    assert run.wait().status().state == "finished"
    assert project.model(run.name).name == run.name


def test_two_tilings_at_once_are_a_conflict(
    store_url: str, add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_project(store_url)
    add_discs(project, "left")
    cut = project_tiles.cut

    def while_another_is_faster(*image: Any, **options: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(project_tiles, "cut", cut)
            open_project(store_url).tile("left", size=32, overlap=0)
        return cut(*image, **options)

    monkeypatch.setattr(project_tiles, "cut", while_another_is_faster)
    with pytest.raises(ConflictError, match=r"Cannot write .*tilings/left\.json: another process has changed it"):
        project.tile("left", size=64, overlap=0)
    assert project.tiling("left").size == 32


def test_a_project_that_two_make_at_once_is_one(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exists, asked = Store.exists, list[str]()

    def while_another_is_faster(self: Store, key: str) -> bool:
        asked.append(key)
        if len(asked) == 1:
            with monkeypatch.context() as patch:
                patch.setattr(Store, "exists", exists)
                open_project(store_url).add_classes(["axon"])
            return False
        return exists(self, key)

    monkeypatch.setattr(Store, "exists", while_another_is_faster)
    assert [c.name for c in open_project(store_url).classes] == ["axon"]


def test_copy_to(store_url: str, finished: Project) -> None:
    finished.copy_to(store_url, progress=False)
    assert [image.name for image in open_project(store_url, create=False).images()] == ["left", "right"]
    finished.add_classes(["vessel"])
    with pytest.raises(ConflictError, match="so nothing was copied"):
        finished.copy_to(store_url, progress=False)
    finished.copy_to(store_url, overwrite=True, progress=False)
    assert open_project(store_url).classes == finished.classes


NUMBERED = """
import sys
from axons_kernel.project import open_project
project = open_project(sys.argv[1])
print(project.create_training_set(images=["left"], seed=int(sys.argv[2]), validation=0.1 * int(sys.argv[2])).name)
"""


@pytest.mark.parametrize("store_url", ["file", "s3"], indirect=True)
def test_numbered_sets_of_two_processes_never_meet(store_url: str, add_discs: Callable[..., str]) -> None:
    add_discs(open_project(store_url), "left")
    command = [sys.executable, "-c", NUMBERED, store_url]
    makers = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in (1, 2)]
    assert sorted(maker.communicate(timeout=100)[0].strip() for maker in makers) == ["set-1", "set-2"]
