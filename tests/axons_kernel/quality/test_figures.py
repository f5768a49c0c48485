"""Pictures of agreement and consensus, and numbers that do not cover each other."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from axons_kernel.plotting import figure_png
from axons_kernel.quality import agreement_figure, compare, consensus_figure, from_ids, majority, pairwise, rate


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_matrix_names_everybody_and_writes_each_pair() -> None:
    rng = np.random.default_rng(0)
    ratings = rate({name: rng.integers(0, 2, (9, 9)) for name in ("ana", "ben", "eva")})
    matrix = pairwise(ratings)
    figure = agreement_figure(matrix)
    assert sorted(words(figure)) == sorted(f"{matrix.values[i, j]:.2f}" for i in range(3) for j in range(3) if i != j)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(matrix.mean_of())


def test_a_dollar_in_a_name_is_no_formula() -> None:
    ratings = rate({name: np.eye(4, dtype=np.uint8) for name in (r"$\ana{$", "ben$")})
    assert figure_png(agreement_figure(pairwise(ratings)))


def test_a_matrix_of_many_and_one_without_values() -> None:
    many = rate({f"student {i}": np.eye(8, dtype=np.uint8) for i in range(25)})
    assert words(agreement_figure(pairwise(many))) == []
    empty = rate({name: np.zeros((4, 4), np.uint8) for name in ("ana", "ben")})
    assert words(agreement_figure(pairwise(empty))) == []  # no Dice without foreground


def test_consensus_is_shown_beside_its_uncertainty() -> None:
    masks = {name: np.full((20, 30), value, np.uint8) for name, value in (("ana", 1), ("ben", 0))}
    figure = consensus_figure(majority(rate(masks)), np.full((20, 30), 99, np.uint8))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["consensus", "where you disagree"]
    assert np.asarray(figure.axes[1].images[0].get_array()).min() == pytest.approx(1)


def test_numbers_do_not_cover_each_other() -> None:
    ids = np.zeros((300, 300), int)
    for number in range(12):  # close together, and some in a corner
        y, x = divmod(number, 4)
        ids[5 + 9 * y : 9 + 9 * y, 5 + 9 * x : 10 + 9 * x] = number + 1
    figure = compare(from_ids(np.zeros_like(ids)), from_ids(ids)).figure()
    places = np.array([text.get_position() for text in figure.axes[0].texts])
    distances = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1000 * np.eye(12)
    assert distances.min() > 2 * 0.012 * 300
    assert places.min() > 0
