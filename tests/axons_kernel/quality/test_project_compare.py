"""project.compare: a student's image beside a teacher's, a mask, an annotation; and real micrographs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from axons_kernel.errors import InputError, NotFoundError
from axons_kernel.project import Project, open_project
from axons_kernel.quality import compare
from axons_kernel.tiling import Tile


@pytest.fixture
def teacher(tmp_path: Path, add_discs: Callable[..., str]) -> Project:
    teacher = open_project(tmp_path / "teacher")
    add_discs(teacher, "nerve")
    return teacher


def test_with_the_teachers_project(project: Project, teacher: Project, add_discs: Callable[..., str]) -> None:
    image = project.image(add_discs(project, "nerve"))
    same = project.compare(image, teacher)
    assert same.of("disc").pixels.dice == 1
    labels = image.annotation().labels
    image.save_annotation(image.annotation().without([labels[0].object_id]))
    worse = project.compare("nerve", teacher)
    assert [(f.kind, f.label_class) for f in worse.findings] == [("missed", "disc")]
    assert worse.image is not None and worse.image.shape == image.shape
    assert worse.pixel_size_um == 0.1


def test_with_a_mask_an_annotation_an_image_and_in_a_tile(project: Project, add_discs: Callable[..., str]) -> None:
    image = project.image(add_discs(project, "nerve"))
    for reference in (image.mask(), image.annotation(), image):
        assert project.compare(image, reference).findings == ()
    tile = Tile(64, 0, 64, 64)
    part = project.compare(image, np.zeros(image.shape, np.uint8), tile=tile)
    assert part.image is not None and part.image.shape == (64, 64)
    assert part.of("disc").drawn == len(part.findings) > 0


def test_another_size_or_name_is_told(project: Project, teacher: Project, add_discs: Callable[..., str]) -> None:
    small = project.image(add_discs(project, "small", shape=(96, 100)))
    with pytest.raises(InputError, match="128 x 128 and 100 x 96"):
        project.compare(small, teacher.image("nerve"))
    with pytest.raises(NotFoundError, match="no image 'small'"):
        project.compare(small, teacher)


def axon_masks(sample_data: Path) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    folder = sample_data / "axon_sem_rat/derivatives/labels/sub-rat6/micr"
    axon, myelin = (
        np.asarray(Image.open(next(folder.glob(f"*seg-{name}-manual.png"))).convert("L")) > 127
        for name in ("axon", "myelin")
    )
    return axon, myelin & ~axon


def test_a_damaged_copy_of_real_masks(sample_data: Path) -> None:
    """All axons one pixel too wide, and ten of them left out."""
    axon, myelin = axon_masks(sample_data)
    reference = np.where(axon, 2, myelin).astype(np.uint8)
    objects, count = ndimage.label(axon, np.ones((3, 3)))
    sizes = np.bincount(objects.ravel())
    dropped = np.argsort(sizes[1:])[-12:-2] + 1
    wide = ndimage.binary_dilation(axon & ~np.isin(objects, dropped))
    student = np.where(wide, 2, np.where(myelin, 1, 0)).astype(np.uint8)
    comparison = compare(student, reference, classes=["myelin", "axon"])
    scores = comparison.of("axon")
    assert scores.objects == count
    assert scores.counts["missed"] == 10
    assert 0.6 < scores.offset_px < 1.3
    assert [f.kind for f in comparison.findings[:3]].count("missed") >= 1
    assert scores.boundary.surface_dice(2) > 0.8 > scores.boundary.surface_dice(0.5)
