"""The data of a training: what cannot be trained on is told before it starts; pixels are read by windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.errors import InputError, NotFoundError, TrainingError
from axons_kernel.project import Project
from axons_kernel.runs.reading import check_ready, load_data
from axons_kernel.tiling import Tile
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.loading import Crops
from axons_kernel.training_sets.training_set import TrainingSet

TINY = TrainingConfig(epochs=1, batch=2, crop=64, width=4, depth=2, workers=0)


@pytest.fixture
def ready(project: Project, add_discs: Callable[..., str]) -> TrainingSet:
    return project.create_training_set(images=[add_discs(project, "a", (64, 256))], validation=0.25)


def test_a_set_that_is_ready_passes(project: Project, ready: TrainingSet) -> None:
    check_ready(ready, project.image)


def test_no_tiles_to_train_on(project: Project, ready: TrainingSet) -> None:
    only_validation = tuple(tile for tile in ready.tiles if tile.split == "validation")
    assert only_validation
    with pytest.raises(TrainingError, match="'set-1' has no tiles to train on: make another with fewer tiles"):
        check_ready(ready.model_copy(update={"tiles": only_validation}), project.image)


def test_masks_without_foreground(project: Project, ready: TrainingSet) -> None:
    project.add_classes(["axon"])
    with pytest.raises(
        TrainingError, match=r"No training tile of 'set-1' holds a label of axon: annotate some objects"
    ):
        project_set = ready.model_copy(update={"classes": ("axon",)})
        check_ready(project_set, project.image)


def test_labels_in_the_other_tiles_only(project: Project, discs: Callable[..., Any]) -> None:
    pixels, mask = discs((64, 256))
    mask[:, :192] = 0
    image = project.import_image(pixels, name="a", pixel_size_um=0.1)
    project.tile(image, size=64, overlap=0)
    project.import_mask(image, mask, ["disc"])
    training_set = project.create_training_set(images=[image], validation=0.25)
    with pytest.raises(TrainingError, match="No training tile of 'set-1' holds a label"):
        project.train(training_set, TINY)
    assert project.runs() == []


def test_an_image_that_is_gone(project: Project, ready: TrainingSet) -> None:
    project.store.remove("images/a/image.json")
    with pytest.raises(NotFoundError, match="There is no image 'a'"):
        check_ready(ready, project.image)


def test_a_channel_that_is_not_there(project: Project, ready: TrainingSet) -> None:
    with pytest.raises(InputError, match="Image 'a' has no channel 'GFP'"):
        check_ready(ready.model_copy(update={"channels": ("GFP",)}), project.image)


@pytest.mark.parametrize("depth", [2, 4])
@pytest.mark.parametrize("shape", [(37, 53), (70, 150)])
def test_sizes_that_do_not_divide(
    project: Project, add_discs: Callable[..., str], shape: tuple[int, int], depth: int
) -> None:
    training_set = project.create_training_set(images=[add_discs(project, "a", shape)], validation=0)
    run = project.train(training_set, TINY.model_copy(update={"depth": depth}), on="inline")
    assert run.status().state == "finished"


def test_a_border_is_learned_where_objects_touch(project: Project) -> None:
    image = project.import_image(np.zeros((64, 64), np.uint8), name="a", pixel_size_um=0.1)
    project.tile(image, size=64, overlap=0)
    for columns in (slice(10, 30), slice(30, 50)):
        half = np.zeros((64, 64), np.uint8)
        half[10:50, columns] = 1
        labels = project.image("a").annotation().labels
        project.import_mask(image, half, ["disc"])
        editing = image.edit_annotation()
        editing.save(editing.annotation.adding(*labels))
    training_set = project.create_training_set(images=[image], validation=0)
    plain, bordered = (
        load_data(training_set, TINY.model_copy(update={"border": border}), project.image).train[0].mask
        for border in (False, True)
    )
    assert set(np.unique(plain)) == {0, 1} and set(np.unique(bordered)) == {0, 1, 2}
    assert (bordered[10:50, 29:31] == 2).all()


LARGE = """
import sys
from pathlib import Path
import numpy as np
import torch
import axons_kernel as ax
from axons_kernel.runs.reading import load_data
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import TileCache
from axons_kernel.training.loading import Crops

project = ax.open_project(sys.argv[1])
TileCache.__init__.__defaults__ = (50 << 20,)
config = TrainingConfig(crop=256, batch=4)
before = peak_mib()
data = load_data(project.training_set("set-1"), config, project.image)
assert sum(tile.shape[0] * tile.shape[1] for tile in data.train) > 60e6
crops = Crops(config, data.train)
for number in range(12):
    crops.batch(number)
print(peak_mib() - before)
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_images(project: Project, measured: Callable[..., list[str]]) -> None:
    rng = np.random.default_rng(0)
    pixels = np.tile(rng.integers(0, 255, (512, 512), dtype=np.uint8), (16, 16))  # 64 MPix, 256 MiB as float32
    image = project.import_image(pixels, name="large", pixel_size_um=0.1)
    project.tile(image, size=8192, overlap=0)
    mask = np.zeros(pixels.shape, np.uint8)
    mask[100:400, 100:400] = 1
    project.import_mask(image, mask, ["disc"])
    project.create_training_set(images=[image], validation=0)
    growth = float(measured(LARGE, Path(project.store.url), OMP_NUM_THREADS="1")[0])
    assert growth < 220, f"{growth:.0f} MiB more"


def test_tiles_are_read_when_they_are_needed(
    project: Project, ready: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Tile] = []
    from axons_kernel.pyramid import Pyramid

    original = Pyramid.read
    monkeypatch.setattr(Pyramid, "read", lambda self, tile, *rest: read.append(tile) or original(self, tile, *rest))
    data = load_data(ready, TINY, project.image)
    assert read == []
    Crops(TINY, data.train).batch(0)
    assert read and all(tile.width <= 64 for tile in read)
