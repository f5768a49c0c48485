"""The sample micrograph: its truth is exact, its tissue plausible, its picture learnable but not trivial."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from axons_kernel.errors import InputError
from axons_kernel.samples import CLASS_NAMES, Sample, axon_micrograph

MYELIN, AXON = 1, 2


@pytest.fixture(scope="module")
def sample() -> Sample:
    return axon_micrograph((768, 768), seed=3)


def digest(sample: Sample) -> str:
    arrays = (sample.pixels, sample.mask, sample.instances)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def touches_border(part: NDArray[np.bool_], window: tuple[slice, slice], shape: tuple[int, int]) -> bool:
    return any(s.start == 0 or s.stop == n for s, n in zip(window, shape, strict=True))


def check_truth(sample: Sample) -> None:
    """Every promise about the mask, fibre by fibre."""
    mask, ids = sample.mask, sample.instances
    assert set(np.unique(mask)) <= {0, MYELIN, AXON}
    assert np.array_equal(mask == 0, ids == 0)
    assert set(np.unique(ids)) - {0} == set(range(1, int(ids.max()) + 1)), "ids have gaps"
    assert not axon_leaks(sample), "an axon touches something that is not its own sheath"
    for number, window in enumerate(ndimage.find_objects(ids), start=1):
        fibre = ids[window] == number
        axon = fibre & (mask[window] == AXON)
        assert ndimage.label(fibre)[1] == 1, f"fibre {number} is in pieces"
        assert ndimage.label(axon)[1] <= 1, f"fibre {number} has several axons"
        if touches_border(fibre, window, ids.shape):
            continue
        assert axon.any(), f"fibre {number} has no axon"
        sheath = np.pad(fibre & ~axon, 1)
        hole = ndimage.binary_fill_holes(sheath) & ~sheath  # 4-connected flood: the ring may be diagonal
        assert np.array_equal(hole[1:-1, 1:-1], axon), f"the sheath of fibre {number} is no closed ring"


def axon_leaks(sample: Sample) -> bool:
    """Whether any axon pixel has one of its 8 neighbours outside its own fibre."""
    ids = sample.instances.astype(np.int64)
    edge = ndimage.maximum_filter(ids, 3, mode="nearest") != ndimage.minimum_filter(ids, 3, mode="nearest")
    return bool((edge & (sample.mask == AXON)).any())


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))


def g_ratios(sample: Sample, min_axon_um: float = 1.0) -> NDArray[np.float64]:
    """Axon / fibre diameter of each fibre inside the image whose axon is at least `min_axon_um` wide."""
    ids = sample.instances
    rim = np.unique(np.concatenate([ids[0], ids[-1], ids[:, 0], ids[:, -1]]))
    fibre = np.bincount(ids.ravel())
    axon = np.bincount(ids[sample.mask == AXON], minlength=len(fibre))
    wide = 2 * np.sqrt(axon / np.pi) * sample.pixel_size_um >= min_axon_um
    wide[rim] = False
    wide[0] = False
    return np.sqrt(axon[wide] / fibre[wide])


def best_threshold_dice(sample: Sample, value: int, *, dark: bool) -> float:
    """Best Dice of a class against `pixels <= t` (dark) or `pixels >= t`, over every t."""
    levels = sample.pixels if dark else 255 - sample.pixels
    truth = sample.mask == value
    hits = np.bincount(levels[truth], minlength=256).cumsum()
    found = np.bincount(levels.ravel(), minlength=256).cumsum()
    return float((2 * hits / (found + truth.sum())).max())


def test_sample_has_the_promised_types_and_shapes() -> None:
    sample = axon_micrograph((64, 96), pixel_size_um=0.2)
    arrays = (sample.pixels, sample.mask, sample.instances)
    assert [array.shape for array in arrays] == [(64, 96)] * 3
    assert [array.dtype for array in arrays] == [np.uint8, np.uint8, np.uint16]
    assert all(array.flags.c_contiguous and array.base is None for array in arrays)
    assert sample.pixel_size_um == 0.2
    assert CLASS_NAMES == ("myelin", "axon")


def test_same_arguments_give_the_same_bytes_in_any_order() -> None:
    first = [digest(axon_micrograph((128, 128), seed=seed)) for seed in (0, 1, 2)]
    again = [digest(axon_micrograph((128, 128), seed=seed)) for seed in (2, 1, 0)][::-1]
    assert first == again
    assert len(set(first)) == 3


@settings(max_examples=30, deadline=None)
@example(seed=2297, shape=(241, 190), pixel_size_um=0.4, packing=0.8293614779557537, g_ratio=0.5, vessels=0)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(64, 420), st.integers(64, 420)),
    pixel_size_um=st.sampled_from([0.03, 0.07, 0.1, 0.13, 0.2, 0.4]),
    packing=st.floats(0.1, 0.9),
    g_ratio=st.floats(0.5, 0.8),
    vessels=st.integers(0, 3),
)
def test_truth_is_exact(seed: int, shape: tuple[int, int], **options: Any) -> None:
    sample = axon_micrograph(shape, seed=seed, **options)
    check_truth(sample)
    assert digest(sample) == digest(axon_micrograph(shape, seed=seed, **options))


def test_truth_is_exact_in_a_large_field(sample: Sample) -> None:
    check_truth(sample)


@pytest.mark.parametrize("option", [{"noise": 0}, {"noise": 5}, {"illumination": 3}, {"artefacts": 4}])
def test_picture_options_change_the_picture_not_the_truth(option: dict[str, Any]) -> None:
    plain, other = axon_micrograph((256, 256), seed=5), axon_micrograph((256, 256), seed=5, **option)
    assert np.array_equal(plain.mask, other.mask)
    assert np.array_equal(plain.instances, other.instances)
    assert not np.array_equal(plain.pixels, other.pixels)


def test_pixel_size_changes_the_magnification_not_the_tissue() -> None:
    fine = axon_micrograph((800, 800), seed=1, pixel_size_um=0.08)
    coarse = axon_micrograph((400, 400), seed=1, pixel_size_um=0.16)
    seen = fine.mask[::2, ::2]
    assert dice(seen == AXON, coarse.mask == AXON) > 0.85
    assert dice(seen > 0, coarse.mask > 0) > 0.93


def test_tissue_has_the_statistics_of_rat_spinal_cord(sample: Sample) -> None:
    """Ranges seen in eight animals: axon 0.20-0.35, myelin 0.27-0.40 of the area, 28-98 fibres / 1000 µm²."""
    area_um2 = sample.mask.size * sample.pixel_size_um**2
    assert 0.20 < (sample.mask == AXON).mean() < 0.36
    assert 0.27 < (sample.mask == MYELIN).mean() < 0.48
    assert 28 < 1000 * int(sample.instances.max()) / area_um2 < 98
    ratios = g_ratios(sample)
    assert len(ratios) > 100
    assert 0.60 < np.median(ratios) < 0.72
    assert 0.03 < ratios.std() < 0.12


def test_g_ratio_and_diameter_follow_their_options() -> None:
    thin, thick = (axon_micrograph((512, 512), seed=4, g_ratio=g) for g in (0.75, 0.55))
    assert np.median(g_ratios(thin)) > np.median(g_ratios(thick)) + 0.1
    small, large = (axon_micrograph((512, 512), seed=4, axon_diameter_um=d) for d in (1.2, 2.8))
    assert small.instances.max() > 2 * large.instances.max()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_global_threshold_finds_the_classes(seed: int) -> None:
    """Real sections of this kind score 0.37 to 0.77 for axons."""
    sample = axon_micrograph((512, 512), seed=seed)
    axon = best_threshold_dice(sample, AXON, dark=True)
    myelin = best_threshold_dice(sample, MYELIN, dark=False)
    print(f"best threshold Dice: axon {axon:.3f}, myelin {myelin:.3f}")
    assert 0.4 < axon < 0.85
    assert 0.5 < myelin < 0.9


def test_myelin_is_bright_axons_dark_and_the_rest_between(sample: Sample) -> None:
    background, myelin, axon = (np.median(sample.pixels[sample.mask == value]) for value in (0, MYELIN, AXON))
    assert axon + 25 < background < myelin - 25


def test_a_capillary_takes_room_from_fibres() -> None:
    without, with_vessels = (axon_micrograph((512, 512), seed=8, vessels=n) for n in (0, 3))
    clear = [ndimage.distance_transform_edt(s.mask == 0).max() * s.pixel_size_um for s in (without, with_vessels)]
    assert clear[1] > 3.0 > 0.5 * clear[0]


def test_one_fibre_may_fill_the_image() -> None:
    for seed in range(12):  # 1.9 µm of tissue: often inside a single axon
        check_truth(axon_micrograph((64, 64), seed=seed, pixel_size_um=0.03, axon_diameter_um=3.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"shape": (63, 64)},
            r"shape is \(63, 64\), but must be \(height, width\), whole numbers from 64 to 4096",
        ),
        ({"shape": (64, 5000)}, r"shape is \(64, 5000\)"),
        ({"shape": (64, 64, 3)}, r"shape is \(64, 64, 3\)"),
        ({"shape": 512}, "shape is 512"),
        ({"shape": (64.0, 64)}, r"shape is \(64.0, 64\)"),
        ({"seed": -1}, "seed is -1, but must be a whole number from 0 to"),
        ({"seed": 0.5}, "seed is 0.5, but must be a whole number"),
        ({"pixel_size_um": 0}, "pixel_size_um is 0, but must be a number from 0.03 to 0.4"),
        ({"pixel_size_um": float("nan")}, "pixel_size_um is nan"),
        ({"pixel_size_um": "0.1"}, "pixel_size_um is '0.1'"),
        ({"axon_diameter_um": 50}, "axon_diameter_um is 50, but must be a number from 1 to 3"),
        ({"g_ratio": 1.0}, "g_ratio is 1.0, but must be a number from 0.5 to 0.8"),
        ({"packing": 2}, "packing is 2, but must be a number from 0.1 to 0.9"),
        ({"vessels": True}, "vessels is True, but must be a whole number from 0 to 20"),
        ({"artefacts": -1}, "artefacts is -1, but must be a whole number from 0 to 20"),
        ({"illumination": 9}, "illumination is 9, but must be a number from 0 to 3"),
        ({"noise": -0.1}, "noise is -0.1, but must be a number from 0 to 5"),
        (
            {"shape": (4096, 4096), "pixel_size_um": 0.4},
            r"shape \(4096, 4096\) at pixel_size_um 0.4 shows about \d+ fibres, but at most 50000",
        ),
    ],
)
def test_refusals_say_what_was_given_and_what_is_allowed(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        axon_micrograph(**options)
