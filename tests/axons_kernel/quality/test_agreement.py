"""Agreement of several people, against published examples, libraries and slow, obvious formulas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation, BoxLabel
from axons_kernel.errors import InputError
from axons_kernel.metrics import pixel_score
from axons_kernel.quality import (
    MISSING,
    Ratings,
    cohen_kappa,
    fleiss_kappa,
    from_ids,
    krippendorff_alpha,
    pairwise,
    rate,
    rating_table,
)

CLASSES = ("a", "b", "c", "d", "e")


def ratings_of(rows: Sequence[Sequence[int | None]]) -> Ratings:
    """One row per person; values from 0, None where the person has not looked."""
    masks = [np.array([[MISSING if v is None else v for v in row]], np.uint8) for row in rows]
    return rate({f"r{i}": mask for i, mask in enumerate(masks)}, CLASSES)


stacks = hnp.arrays(np.uint8, st.tuples(st.integers(2, 4), st.just(5), st.just(6)), elements=st.integers(0, 2))


@given(stacks)
def test_grouping_keeps_every_rating(stack: NDArray[np.uint8]) -> None:
    ratings = rate({f"r{i}": mask for i, mask in enumerate(stack)}, CLASSES)
    for rater, mask in enumerate(stack):
        assert np.array_equal(ratings.on_pixels(ratings.rows[:, rater]), mask)
    assert ratings.weights.sum() == stack[0].size
    assert len(np.unique(ratings.rows, axis=0)) == len(ratings.rows)


def test_cohen_by_hand() -> None:
    assert cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)  # 0.7 observed, 0.5 expected
    assert isnan(cohen_kappa(np.array([[9, 0], [0, 0]])))
    assert isnan(cohen_kappa(np.zeros((2, 2), int)))


@given(stacks)
def test_cohen_from_ratings_is_the_definition(stack: NDArray[np.uint8]) -> None:
    one, other = stack[0].ravel(), stack[1].ravel()
    observed = np.mean(one == other)
    expected = sum(np.mean(one == v) * np.mean(other == v) for v in range(3))
    kappa = cohen_kappa(rating_table(rate({"r0": stack[0], "r1": stack[1]}, CLASSES), "r0", "r1"))
    if expected < 1 - 1e-12:
        assert kappa == pytest.approx((observed - expected) / (1 - expected))
    else:
        assert isnan(kappa)


def test_fleiss_published_example() -> None:
    """14 raters put 10 subjects into 5 categories; kappa is 0.210 (the worked example of the method)."""
    counts = [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
    subjects = np.array([np.repeat(range(5), row) for row in counts])
    assert fleiss_kappa(ratings_of(subjects.T.tolist())) == pytest.approx(0.2099, abs=1e-4)


def test_krippendorff_published_example() -> None:
    """Four observers, twelve units, missing values; nominal alpha is 0.743 (Krippendorff 2011, section C)."""
    n = None
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
    assert krippendorff_alpha(ratings_of(rows)) == pytest.approx(0.743, abs=5e-4)


@given(hnp.arrays(np.uint8, (3, 4, 5), elements=st.sampled_from([0, 1, 2, MISSING])))
def test_krippendorff_is_that_of_the_library(stack: NDArray[np.uint8]) -> None:
    peer = pytest.importorskip("krippendorff", reason="krippendorff is not installed: pip install 'axons[test]'")
    data = np.where(stack == MISSING, np.nan, stack.astype(float)).reshape(3, -1)
    usable = (~np.isnan(data)).sum(axis=0) >= 2
    alpha = krippendorff_alpha(rate({f"r{i}": mask for i, mask in enumerate(stack)}, CLASSES))
    if len(np.unique(data[:, usable][~np.isnan(data[:, usable])])) < 2:
        assert isnan(alpha)
    else:
        assert alpha == pytest.approx(peer.alpha(data, level_of_measurement="nominal"))


def test_full_agreement_is_one_and_one_value_alone_has_no_kappa() -> None:
    same = ratings_of([[0, 1, 1, 0]] * 3)
    assert (fleiss_kappa(same), krippendorff_alpha(same)) == (1, 1)
    nothing = ratings_of([[0, 0, 0]] * 2)
    assert isnan(fleiss_kappa(nothing)) and isnan(krippendorff_alpha(nothing))


def two_discs() -> Ratings:
    rows, cols = np.indices((200, 200))
    discs = [(rows - 100) ** 2 + (cols - 100 - shift) ** 2 <= 100 for shift in (0, 6)]
    return rate(dict(zip(("ana", "ben"), discs, strict=True)))


def test_background_flatters_and_the_band_does_not() -> None:
    ratings = two_discs()
    band = ratings.band(3)
    union = ratings.on_pixels((ratings.rows > 0).any(axis=1))
    near = np.zeros_like(union)
    for dy, dx in product(range(-3, 4), repeat=2):
        near |= np.roll(union, (dy, dx), (0, 1))
    assert band.weights.sum() == near.sum()
    whole, inside = (krippendorff_alpha(r) for r in (ratings, band))
    assert inside < whole - 0.1
    assert ratings.band(0).weights.sum() == union.sum()


def test_pairs() -> None:
    rng = np.random.default_rng(0)
    masks = {name: rng.integers(0, 3, (9, 9)).astype(np.uint8) for name in ("ana", "ben", "eva")}
    ratings = rate(masks, ["myelin", "axon"])
    dice, iou, kappa = (pairwise(ratings, score).values for score in ("dice", "iou", "kappa"))
    of_axon = pairwise(ratings, "dice", "axon")
    for (i, one), (j, other) in product(enumerate(masks.values()), repeat=2):
        assert dice[i, j] == pytest.approx(pixel_score(one > 0, other > 0).dice)
        assert iou[i, j] == pytest.approx(pixel_score(one > 0, other > 0).iou)
        assert of_axon.values[i, j] == pytest.approx(pixel_score(one == 2, other == 2).dice)
    assert np.allclose(np.diag(kappa), 1) and np.allclose(kappa, kappa.T)
    means = of_axon.mean_of()
    assert list(means.values()) == sorted(means.values())
    assert means["ana"] == pytest.approx((of_axon.values[0, 1] + of_axon.values[0, 2]) / 2)


def test_pixels_that_somebody_has_not_looked_at_do_not_count_for_pairs() -> None:
    ratings = ratings_of([[1, 1, 0, None], [1, None, 0, 1]])
    assert pairwise(ratings).values[0, 1] == 1
    with pytest.raises(InputError, match="everybody's rating"):
        fleiss_kappa(ratings)


def test_instances_are_rated_by_class() -> None:
    ids = np.array([[0, 1, 2]])
    ratings = rate({"ana": from_ids(ids, ["axon", "vessel"]), "ben": ids.astype(np.uint8)}, ["myelin", "axon"])
    assert np.array_equal(ratings.on_pixels(ratings.rows[:, 0]), [[0, 2, 0]])


def test_annotations_are_drawn() -> None:
    boxes = [BoxLabel(label_class=name, centre=(x, 2.0), size=(2.0, 2.0)) for name, x in (("axon", 2.0), ("axon", 3.0))]
    ratings = rate({"ana": Annotation((boxes[0],)), "ben": Annotation((boxes[1],))}, ["myelin", "axon"], shape=(4, 6))
    assert rating_table(ratings, "ana", "ben").tolist() == [[18, 0, 2], [0, 0, 0], [2, 0, 2]]
    with pytest.raises(InputError, match="shape="):
        rate({"ana": Annotation(), "ben": Annotation()})


def test_kappas_of_pairs_are_those_of_their_tables() -> None:
    ratings = rate({name: np.random.default_rng(i).integers(0, 3, (9, 9)) for i, name in enumerate("abc")}, CLASSES[:2])
    kappas = pairwise(ratings, "kappa").values
    for (i, one), (j, other) in product(enumerate("abc"), repeat=2):
        assert kappas[i, j] == pytest.approx(cohen_kappa(rating_table(ratings, one, other)))


def test_bad_input_is_told() -> None:
    mask = np.zeros((3, 3), np.uint8)
    with pytest.raises(InputError, match="two people or more; 1"):
        rate({"ana": mask})
    with pytest.raises(InputError, match="3 x 4 and 3 x 3 pixels"):
        rate({"ana": mask, "ben": np.zeros((4, 3), np.uint8)})
    with pytest.raises(InputError, match=r"mask of ben .* values up to 9"):
        rate({"ana": mask, "ben": mask + np.uint8(9)})
    with pytest.raises(InputError, match="'dan' is not among the raters: ana, ben"):
        rating_table(rate({"ana": mask, "ben": mask}), "ana", "dan")
    with pytest.raises(InputError, match="choose 'dice', 'iou' or 'kappa'"):
        pairwise(rate({"ana": mask, "ben": mask}), "accuracy")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'axon' is not among the classes: object"):
        pairwise(rate({"ana": mask, "ben": mask}), "dice", "axon")
    with pytest.raises(InputError, match="rim=-1"):
        rate({"ana": mask, "ben": mask}).band(-1)
