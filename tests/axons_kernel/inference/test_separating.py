"""Objects of a whole image: the same ones whatever the blocks, each with an id of its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from axons_kernel.errors import InputError, NotFoundError
from axons_kernel.images import Micrograph, encode_ome_tiff
from axons_kernel.inference import separating
from axons_kernel.predictions import Prediction, PredictionInfo, save_prediction
from axons_kernel.project import Project
from axons_kernel.tiling import Tile

RNG = np.random.default_rng(0)


def predicted(project: Project, mask: NDArray[np.uint8], border: NDArray[np.uint8] | None = None) -> Prediction:
    image = project.import_image(np.zeros(mask.shape, np.uint8), name="im", pixel_size_um=0.1)
    info = PredictionInfo(image="im", model="m", classes=("axon", "myelin"), pixel_size_um=0.1, area_share={})
    prediction = save_prediction(image, info, mask)
    if border is not None:
        project.store.write(f"{prediction.folder}/border.tif", encode_ome_tiff(Micrograph(border, 0.1)))
    return prediction


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separating, "_BLOCK", 64)
    monkeypatch.setattr(separating, "_AROUND", 32)


def beads() -> NDArray[np.uint8]:
    """Pairs of touching discs of two classes, many of them on the borders of blocks."""
    mask = np.zeros((230, 300), np.uint8)
    rows, cols = np.indices(mask.shape)
    for number, (y, x) in enumerate((y, x) for y in range(20, 220, 38) for x in range(22, 270, 52)):
        for shift in (0, 19):
            mask[(rows - y) ** 2 + (cols - x - shift) ** 2 < 100] = 1 + number % 2
    return mask


def same_objects(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    """Whether the ids of the one are those of the other, renamed."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == pairs.shape[1] == len(np.unique(pairs[1]))


def test_blocks_do_not_show(project: Project, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = beads()
    prediction = predicted(project, mask)
    by_blocks = prediction.separate(progress=False)
    ids = by_blocks.instances()
    monkeypatch.setattr(separating, "_BLOCK", 1024)
    whole = prediction.separate(progress=False)
    assert by_blocks.info.objects == whole.info.objects == {"axon": 30, "myelin": 30}
    assert same_objects(ids, whole.instances())
    np.testing.assert_array_equal(ids > 0, mask > 0)
    assert ids.dtype == np.uint32 and ids.max() == 60
    for number in range(1, 61):
        assert len(np.unique(mask[ids == number])) == 1 and ndimage.label(ids == number)[1] == 1
    np.testing.assert_array_equal(by_blocks.instances_window(Tile(30, 40, 50, 60)), whole.instances()[40:100, 30:80])


@pytest.mark.parametrize("seed", range(3))
def test_areas_are_those_of_the_whole_image(project: Project, small_blocks: None, seed: int) -> None:
    """Also where an area leaves a block and comes back far away."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 330)), 2)
    mask = np.digitize(noise, [0.0, 0.15]).astype(np.uint8)
    made = predicted(project, mask).separate("touching", progress=False)
    counts = [ndimage.label(mask == number, np.ones((3, 3)))[1] for number in (1, 2)]
    assert made.info.objects == dict(zip(("axon", "myelin"), counts, strict=True))
    expected, offset = np.zeros(mask.shape, np.uint32), 0
    for number in (1, 2):
        labels, count = ndimage.label(mask == number, np.ones((3, 3)))
        expected[labels > 0] = labels[labels > 0] + offset
        offset += count
    assert same_objects(made.instances(), expected)


def test_small_objects_get_no_id(project: Project) -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[10:20, 10:20], mask[40:45, 40:45], mask[70:72, 70:72] = 1, 1, 2
    prediction = predicted(project, mask)
    made = prediction.separate(min_area_um2=0.25, progress=False)  # 25 pixels of 0.01 µm²
    assert made.info.objects == {"axon": 2, "myelin": 0} and made.info.min_area_um2 == 0.25
    assert sorted(np.unique(made.instances(), return_counts=True)[1]) == [25, 100, 9875]
    assert prediction.separate(min_area_um2=0.26, progress=False).info.objects == {"axon": 1, "myelin": 0}
    assert Prediction(made.image, made.info).instances().max() == 1


def test_learned_borders_separate_and_are_shared_out(project: Project) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:50, 10:38], mask[10:50, 42:70] = 1, 1
    border = np.zeros_like(mask)
    border[10:50, 38:42] = 1
    made = predicted(project, mask, border).separate(progress=False)  # the border is taken where it is known
    assert made.info.instances_by == "border" and made.info.objects == {"axon": 2, "myelin": 0}
    assert (made.instances()[10:50, 10:70] > 0).all()


def test_nothing_predicted_means_no_objects(project: Project) -> None:
    made = predicted(project, np.zeros((70, 50), np.uint8)).separate(progress=False)
    assert made.info.objects == {"axon": 0, "myelin": 0} and not made.instances().any()


def test_what_is_not_possible_is_told(project: Project) -> None:
    prediction = predicted(project, np.zeros((70, 50), np.uint8))
    with pytest.raises(NotFoundError, match=r"objects .* were not separated: call prediction.separate\(\)"):
        prediction.instances()
    with pytest.raises(
        InputError, match=r"'border' is not allowed, as the model .* give one of 'watershed', 'touching'"
    ):
        prediction.separate("border")
    with pytest.raises(InputError, match="method='cut' is not allowed: give one of"):
        prediction.separate("cut")
    with pytest.raises(InputError, match=r"min_area_um2=-1 is not allowed"):
        prediction.separate(min_area_um2=-1)
