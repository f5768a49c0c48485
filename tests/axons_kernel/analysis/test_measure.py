"""Morphometry: rings of known size, fibres that touch, what has no partner, edges, windows, and real nerve."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from axons_kernel.analysis import measuring
from axons_kernel.analysis.fibres import part_fibres
from axons_kernel.analysis.measure import chosen_classes, measure, usual_pair
from axons_kernel.analysis.measurements import Measurements
from axons_kernel.analysis.measuring import What, measure_windows
from axons_kernel.analysis.scored import windows_of
from axons_kernel.errors import InputError, MissingExtraError
from axons_kernel.project import Project
from axons_kernel.samples import axon_micrograph

MYELIN, AXON = 1, 2
Ring = tuple[float, float, float, float]  # x, y, axon diameter, fibre diameter in µm


def rings(places: list[Ring], pixel: float = 0.1, side: float = 40) -> np.ndarray:
    """A class mask (H, W); where fibres overlap, their sheaths share the pixels."""
    y, x = (np.indices((int(side / pixel),) * 2) + 0.5) * pixel
    mask = np.zeros(x.shape, np.uint8)
    for value, which in ((MYELIN, 3), (AXON, 2)):
        for ring in places:
            mask[np.hypot(x - ring[0], y - ring[1]) <= ring[which] / 2] = value
    return mask


def table_of(project: Project, mask: np.ndarray, pixel: float = 0.1) -> Measurements:
    image = project.import_image(np.full(mask.shape, 9, np.uint8), name="a", pixel_size_um=pixel)
    project.import_mask(image, mask, ["myelin", "axon"])
    return measure(project.image("a"))


@pytest.mark.parametrize("pixel", [0.05, 0.15])
def test_rings_of_known_size(project: Project, pixel: float) -> None:
    table = table_of(project, rings([(10, 12, 3, 5), (28, 25, 4.2, 6)], pixel), pixel)
    assert len(table) == 2
    assert table["axon_diameter_um"] == pytest.approx([3, 4.2], rel=0.01)
    assert table["fibre_diameter_um"] == pytest.approx([5, 6], rel=0.01)
    assert table["g_ratio"] == pytest.approx([0.6, 0.7], rel=0.01)
    assert table["myelin_thickness_um"] == pytest.approx([1, 0.9], rel=0.03)
    assert table["myelin_area_um2"] == pytest.approx([np.pi * 4, np.pi / 4 * (36 - 4.2**2)], rel=0.02)
    assert table["axon_perimeter_um"] == pytest.approx([np.pi * 3, np.pi * 4.2], rel=0.04)
    assert table["x_px"] * pixel == pytest.approx([10, 28], abs=pixel)
    values = table.summary()
    assert values["density_per_mm2"] == pytest.approx(2 / 1600e-6, rel=0.02)
    assert values["aggregate_g_ratio"] == pytest.approx(np.sqrt((9 + 4.2**2) / (25 + 36)), rel=0.01)
    assert values["area_fraction"] == pytest.approx(np.pi / 4 * (9 + 4.2**2) / 1600, rel=0.02)


def test_touching_fibres_are_parted(project: Project) -> None:
    table = table_of(project, rings([(12, 20, 4, 6), (17.6, 20, 4, 6)]))
    assert len(table) == 2
    assert table["fibre_diameter_um"] == pytest.approx([6, 6], rel=0.02)
    assert table["g_ratio"] == pytest.approx([2 / 3, 2 / 3], rel=0.02)
    fused = rings([(12, 20, 4, 6), (17.6, 20, 4, 6)])
    parts = part_fibres(fused == AXON, fused == MYELIN, 5)
    assert abs(int((parts.fibres == 1).sum()) - int((parts.fibres == 2).sum())) < 30
    assert (parts.fibres > 0).sum() == (fused > 0).sum(), "no sheath is lost"


def test_what_has_no_partner(project: Project) -> None:
    mask = rings([(10, 10, 3, 5), (25, 10, 3, 3)])
    mask[300:320, 300:320] = MYELIN  # a sheath without an axon
    mask[350:352, 20:22] = AXON  # a speck
    table = table_of(project, mask)
    values = table.summary()
    assert len(table) == 2 and values["bare_axons"] == 1 and values["sheaths_without_axon"] == 1
    assert table.whole("g_ratio") == pytest.approx([0.6], rel=0.01)
    assert table.whole("axon_diameter_um").size == 2


def test_fibres_at_the_edge_are_counted_and_in_no_distribution(project: Project) -> None:
    places = [(20, 20, 3, 5), (0, 10, 3, 5), (20, 40, 3, 5), (40, 25, 3, 5), (10, 0, 3, 5)]
    table = table_of(project, rings([(x, y, a, f) for x, y, a, f in places]))
    assert len(table) == 5 and table["at_edge"].sum() == 4
    assert table["in_frame"].sum() == 3, "the left and the lower one do not count"
    assert table.whole("g_ratio") == pytest.approx([0.6], rel=0.01)
    assert table.summary()["density_per_mm2"] == pytest.approx(3 / 1600e-6)


def test_the_counting_frame_is_unbiased() -> None:
    """Many small images of a field of known density: counting all is too many, counting whole ones too few."""
    rng = np.random.default_rng(1)
    counts = []
    for _ in range(40):
        places = [(x, y, 2.0, 4.0) for x, y in rng.uniform(-4, 24, (16, 2))]  # 16 in 28 x 28 µm
        rows = _rows(rings(places, 0.2, 20), What(MYELIN, None))
        counts.append((rows["in_frame"].sum(), len(rows["x"]), (~rows["at_edge"]).sum()))
    framed, every, whole = np.mean(counts, axis=0) / 400
    # rings that overlap are one object here, for the frame and for both others
    assert whole < framed < every
    assert framed == pytest.approx((every + whole) / 2, rel=0.08)


def _rows(mask: np.ndarray, what: What) -> dict[str, np.ndarray]:
    parts = list(measure_windows(windows_of(mask), mask.shape, what))
    rows = {name: np.concatenate([part.rows[name] for part in parts]) for name in parts[0].rows}
    order = np.lexsort((rows["x"], rows["y"]))
    return {name: values[order] for name, values in rows.items()}


def test_windows_do_not_change_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = axon_micrograph((400, 460), seed=4).mask
    whole = _rows(mask, What(AXON, MYELIN))
    monkeypatch.setattr(measuring, "CORE", 128)
    monkeypatch.setattr(measuring, "_MARGIN", 16)  # so that margins have to grow
    parts = _rows(mask, What(AXON, MYELIN))
    assert len(parts["x"]) == len(whole["x"]) > 80
    for name in ("x", "y", "axon_area", "axon_perimeter", "axon_solidity", "at_edge", "in_frame"):
        np.testing.assert_allclose(parts[name].astype(float), whole[name].astype(float), atol=1e-9)
    # the flood breaks ties between touching sheaths by the order of pixels
    assert np.abs(parts["g_ratio"] - whole["g_ratio"]).max() < 0.02


def test_any_class_can_be_measured(project: Project) -> None:
    image = project.import_image(np.zeros((200, 200), np.uint8), name="a", pixel_size_um=0.5)
    y, x = np.indices((200, 200))
    project.import_mask(image, (np.hypot(x - 60, y - 90) < 20).astype(np.uint8), ["nucleus"])
    table = measure(project.image("a"))
    assert not table.paired and len(table) == 1
    assert table["diameter_um"] == pytest.approx([20], rel=0.02)
    assert "nucleus object" in repr(table) and "g_ratio" not in table.summary()
    assert table.figure()._repr_png_()[:4] == b"\x89PNG" and "<img" in table._repr_html_()  # type: ignore[attr-defined]


def test_classes_are_found_or_asked_for() -> None:
    assert usual_pair(("Myelin", "AXON")) == ("AXON", "Myelin") and usual_pair(("axon", "cell")) is None
    assert chosen_classes(("a", "b"), ("a", "b"), None) == ("a", "b")
    assert chosen_classes(("myelin", "axon"), None, "axon") == ("axon", None)
    for arguments, message in (
        ((("cell", "gap"), None, None), "Which classes to measure"),
        ((("cell", "gap"), ("cell", "wall"), None), "There is no class 'wall': the classes are cell, gap"),
        ((("cell", "gap"), ("cell", "cell"), None), "cannot be axon and sheath"),
        ((("cell", "gap"), ("cell", "gap"), "cell"), "not both"),
    ):
        with pytest.raises(InputError, match=message):
            chosen_classes(*arguments)


def test_nothing_to_measure_is_said(project: Project) -> None:
    table = table_of(project, rings([(10, 10, 3, 5)]))
    assert f"g-ratio {table['g_ratio'][0]:.3g} (one object)" in repr(table)
    empty = Measurements(table.about, {k: v[:0] for k, v in table.columns.items()}, table.shown, table.image)
    assert "unknown (no whole object)" in repr(empty) and "nan" not in repr(empty)
    assert len(empty.figure().axes) == 6 and "<img" in empty._repr_html_()


def test_an_image_without_labels_is_refused(project: Project) -> None:
    image = project.import_image(np.zeros((64, 64), np.uint8), name="a", pixel_size_um=0.1)
    with pytest.raises(InputError, match="'a' has no labels to measure"):
        measure(image)


def test_tables_as_files(project: Project, tmp_path: Path) -> None:
    table = table_of(project, rings([(10, 12, 3, 5), (28, 25, 4.2, 6)]))
    with open(table.to_csv(tmp_path / "fibres.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table.columns) and rows[0]["image"] == "a" and rows[0]["myelinated"] == "true"
    assert [float(row["g_ratio"]) for row in rows] == pytest.approx(table["g_ratio"])
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    read = parquet.read_table(table.to_parquet(tmp_path / "fibres.parquet"))
    assert read.column_names == list(table.columns)
    assert read["g_ratio"].to_pylist() == pytest.approx(table["g_ratio"])
    assert read.schema.metadata[b"pixel_size_um"] == b"0.1"
    with pytest.raises(InputError, match="There is no column 'g'"):
        table["g"]
    with pytest.raises(InputError, match="names no file"):
        table.to_csv(f"{tmp_path}/")


def test_parquet_without_pyarrow(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(project, rings([(10, 12, 3, 5)]))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'axons\[parquet\]'"):
        table.to_parquet(tmp_path / "fibres.parquet")


def test_rat_nerve_has_plausible_values(project: Project, sample_data: Path) -> None:
    (image,) = (sample_data / "axon_sem_rat/sub-rat6/micr").glob("*.png")
    masks = sample_data / "axon_sem_rat/derivatives/labels/sub-rat6/micr"
    project.import_image(str(image), name="rat6")
    project.import_mask("rat6", str(masks / f"{image.stem}_seg-axonmyelin-manual.png"), ["myelin", "axon"])
    values = measure(project.image("rat6")).summary()
    assert values["objects"] > 100
    assert 1 < values["axon_diameter_um_median"] < 4 and 0.2 < values["myelin_thickness_um_median"] < 1.2
    assert 0.5 < values["g_ratio_median"] < 0.75 and 0.5 < values["aggregate_g_ratio"] < 0.75


def test_pictures_show_each_fibre_in_its_colour(project: Project) -> None:
    table = table_of(project, rings([(10, 12, 3, 5), (28, 25, 4.2, 6)]))
    assert table.shown[120, 100] == pytest.approx(0.6, abs=0.01) and table.shown[250, 280] == pytest.approx(
        0.7, abs=0.01
    )
    assert np.isnan(table.shown[0, 0])
    assert len(table.figure().axes) == 6 and len(table.picture().axes) == 2


SCRIPT = """
import sys
import numpy as np
from axons_kernel.analysis import measuring
from axons_kernel.analysis.measuring import What, measure_windows

measuring.CORE = 420

def read(tile):
    rows, cols = np.ogrid[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
    away = (rows % 60 - 30) ** 2 + (cols % 60 - 30) ** 2
    return ((away < 625).astype(np.uint8) + (away < 256))

side = int(sys.argv[1])
count = sum(len(part.rows["x"]) for part in measure_windows(read, (side, 900), What(2, 1)))
assert count == side * 900 / 3600
print(peak_mib())
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_image(measured: Callable[..., list[str]]) -> None:
    small, large = (float(measured(SCRIPT, side)[0]) for side in ("900", "3600"))
    assert large < small + 20, f"{small:.0f} MiB for 0.8 MPix, {large:.0f} MiB for 3.2 MPix"
