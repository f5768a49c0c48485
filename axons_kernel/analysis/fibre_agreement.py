"""Fibres of a prediction beside those of the reference: do the measured diameters and g-ratios agree?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..project_image import ProjectImage
from ..tiling import Tile
from .measure import measure_classes, usual_pair
from .measurements import Measurements
from .scored import ScoredImage
from .statistics import BlandAltman, bland_altman

NEAR = 0.25  # of the reference axon's diameter: how far apart the centres of one axon may be
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FibreAgreement:
    """The fibres that both have, (n,) each: predicted and reference values of `axon_diameter_um` and `g_ratio`.

    `bland_altman` is by column. `predicted` and `reference` are all fibres, one table per image.
    """

    values: dict[str, tuple[Floats, Floats]]
    bland_altman: dict[str, BlandAltman]
    predicted: tuple[Measurements, ...]
    reference: tuple[Measurements, ...]


def compare_fibres(scored: Sequence[ScoredImage], images: Sequence[ProjectImage]) -> FibreAgreement | None:
    """Measure both sides of each image; None when the classes are no axon and sheath, or under 3 fibres are in both.

    Two fibres are the same when each axon's centre is the other's nearest, and no farther than a quarter of the
    reference axon's diameter. Fibres that the edge cuts, or that lie where the model has learned, are left out.
    """
    pair = usual_pair(scored[0].classes)
    if pair is None:
        return None
    columns = ("axon_diameter_um", "g_ratio")
    found: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in columns}
    tables: list[tuple[Measurements, Measurements]] = []
    for item, image in zip(scored, images, strict=True):
        sides = [
            measure_classes(read, image, item.classes, pair, by)
            for read, by in ((item.predicted, "prediction"), (item.reference, "labels"))
        ]
        tables.append((sides[0], sides[1]))
        kept = [_kept(table, item.seen) for table in sides]
        one, other = _same(_centres(sides[0], kept[0]), _centres(sides[1], kept[1]))
        near = kept[0][one], kept[1][other]
        for name in columns:
            found[name].append((sides[0][name][near[0]].astype(float), sides[1][name][near[1]].astype(float)))
    values = {
        name: (np.concatenate([p for p, _ in parts]), np.concatenate([r for _, r in parts]))
        for name, parts in found.items()
    }
    if values["g_ratio"][0].size < 3:
        return None
    limits = {name: bland_altman(*both) for name, both in values.items()}
    return FibreAgreement(values, limits, tuple(p for p, _ in tables), tuple(r for _, r in tables))


def _kept(table: Measurements, seen: Sequence[Tile]) -> NDArray[np.intp]:
    kept = ~table["at_edge"].astype(bool) & table["myelinated"].astype(bool)
    x, y = table["x_px"].astype(float), table["y_px"].astype(float)
    for tile in seen:
        kept &= ~((tile.x <= x) & (x < tile.x + tile.width) & (tile.y <= y) & (y < tile.y + tile.height))
    return np.flatnonzero(kept)


def _centres(table: Measurements, rows: NDArray[np.intp]) -> Floats:
    """(n, 3): x, y, and how far a centre may be, all in pixels."""
    names = ("x_px", "y_px", "axon_diameter_um")
    x, y, diameter = (table[name][rows].astype(float) for name in names)
    return np.stack([x, y, NEAR * diameter / table.about.pixel_size_um], axis=1)


def _same(found: Floats, known: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not len(found) or not len(known):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    away, of_known = (np.atleast_1d(values) for values in KDTree(found[:, :2]).query(known[:, :2]))
    of_found = np.atleast_1d(KDTree(known[:, :2]).query(found[:, :2])[1])
    number = np.arange(len(known))
    same = (of_found[of_known] == number) & (away <= known[:, 2])
    return np.asarray(of_known[same], np.intp), number[same]
