"""A comparison as a student and a feedback layer get it: fates, findings with their places, words, pages."""

from __future__ import annotations

import json
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.draw import disk

from axons_kernel.annotations import Annotation, BoxLabel, Label, PointLabel, PolygonLabel
from axons_kernel.errors import InputError
from axons_kernel.quality import compare, from_ids, self_agreement, turned
from axons_kernel.quality.findings import COLOURS
from axons_kernel.quality.turns import _STEPS, turned_back
from axons_kernel.rasterize import mask_to_rings
from axons_kernel.tiling import Tile

SHAPE = (120, 160)


def round_label(x: int, y: int, radius: float, label_class: str | None = "axon", object_id: str = "") -> PolygonLabel:
    mask = np.zeros(SHAPE, bool)
    mask[disk((y, x), radius, shape=SHAPE)] = True
    ids = {"object_id": object_id} if object_id else {}
    return PolygonLabel(label_class=label_class, regions=mask_to_rings(mask), **ids)


def reference() -> Annotation:
    """Nine axons on a grid and one myelin disc."""
    axons = [
        round_label(20 + 30 * col, 20 + 30 * row, 9, object_id=f"ref-{row}{col}")
        for row in range(3)
        for col in range(3)
    ]
    return Annotation((*axons, round_label(130, 90, 12, "myelin", "ref-myelin")))


def damaged() -> Annotation:
    """The reference, with one thing of each kind wrong."""
    labels: dict[str, Label] = {label.object_id: label for label in reference().labels}
    del labels["ref-00"]  # missed
    labels["ref-01"] = round_label(50, 20, 12, object_id="wide")
    labels["ref-02"] = round_label(80, 20, 5, object_id="narrow")  # IoU under one half
    labels["ref-10"] = round_label(20, 50, 9, "myelin", "wrong")
    del labels["ref-11"]  # split
    halves = [
        BoxLabel(label_class="axon", centre=(x, 50.0), size=(8.0, 18.0), object_id=f"half-{x}") for x in (45.5, 55.5)
    ]
    del labels["ref-20"], labels["ref-21"]  # merged
    both = BoxLabel(label_class="axon", centre=(35.0, 80.0), size=(48.0, 19.0), object_id="both")
    extra = round_label(130, 20, 6, object_id="extra")
    shifted = round_label(83, 82, 9, object_id="shifted")
    labels["ref-22"] = shifted
    return Annotation((*labels.values(), *halves, both, extra, PointLabel(label_class="axon", position=(3.0, 3.0))))


def test_one_of_each() -> None:
    comparison = compare(damaged(), reference(), shape=SHAPE)
    axon = comparison.of("axon")
    assert axon.counts == {
        **{"found": 3, "far off": 1, "missed": 1, "split": 1, "merged": 2, "wrong class": 1},
        "extra": 1,
    }
    assert (axon.objects, axon.splits, axon.merges) == (9, 1, 1)
    by_kind = {finding.kind: finding for finding in comparison.findings}
    assert set(by_kind) == set(COLOURS)
    assert [f.number for f in comparison.findings] == list(range(1, len(comparison.findings) + 1))
    assert by_kind["missed"].reference_ids == ("ref-00",) and by_kind["missed"].label_ids == ()
    assert by_kind["extra"].label_ids == ("extra",) and by_kind["extra"].reference_ids == ()
    assert by_kind["merged"].reference_ids == ("ref-20", "ref-21") and by_kind["merged"].label_ids == ("both",)
    assert sorted(by_kind["split"].label_ids) == ["half-45.5", "half-55.5"]
    assert by_kind["wrong class"].given_class == "myelin" and by_kind["wrong class"].label_class == "axon"
    assert by_kind["too wide"].offset_px == pytest.approx(3, abs=0.1)
    assert by_kind["too narrow"].offset_px == pytest.approx(-4, abs=0.4)
    assert abs(by_kind["shifted"].offset_px or 0) < 0.2


def test_places_are_on_the_objects_and_biggest_come_first() -> None:
    comparison = compare(damaged(), reference(), shape=SHAPE)
    pixels = [finding.pixels for finding in comparison.findings]
    assert pixels == sorted(pixels, reverse=True)
    for finding in comparison.findings:
        row, col = int(finding.y), int(finding.x)
        named = finding.label_ids if finding.kind in ("extra", "merged") else finding.reference_ids
        side = comparison.annotated if finding.kind in ("extra", "merged") else comparison.reference
        assert side.label_ids[side.ids[row, col] - 1] in named
        assert finding.box.contains(finding.x, finding.y)


def test_the_raster_shows_each_kind_where_it_is() -> None:
    comparison = compare(damaged(), reference(), shape=SHAPE)
    raster = comparison.raster()
    assert raster.shape == (*SHAPE, 4)
    points = {
        **{"missed": (20, 20), "extra": (20, 130), "wrong class": (50, 20), "split": (50, 50), "merged": (80, 35)},
        **{"too wide": (20, 61), "too narrow": (20, 87)},
    }
    for kind, (row, col) in points.items():
        assert tuple(raster[row, col, :3]) == COLOURS[kind]  # type: ignore[index]
        assert raster[row, col, 3] > 0
    assert raster[50, 80, 3] == 0  # found, and its outline is right
    assert raster[110, 10, 3] == 0
    window = Tile(40, 10, 70, 50)
    inner = comparison.raster(window)
    assert np.array_equal(inner[1:-1, 1:-1], window.cut(raster)[1:-1, 1:-1])
    assert len(np.unique(raster[44:56, 16:24, 3])) == 2  # striped, for eyes that see no green


def test_words() -> None:
    myelin, axon, hidden = compare(damaged(), reference(), shape=SHAPE, classes=["myelin", "axon"]).summary()
    assert myelin.startswith("myelin: you found 1 of 1.")
    assert axon.startswith(
        "axon: you found 3 of 9; 1 was missed, 1 was split in pieces, 1 pair was merged, 1 was given another class and "
        "1 was outlined too far off to count. You drew 1 that the reference does not have."
    )
    assert hidden == "1 label of yours covers no pixel and did not count: points, or labels that others hide."


def test_specks_are_named() -> None:
    specks = tuple(BoxLabel(label_class="axon", centre=(x + 0.5, 110.5), size=(2.0, 2.0)) for x in (20, 40))
    _, axon = compare(reference().adding(*specks), reference(), shape=SHAPE, classes=["myelin", "axon"]).summary()
    assert "You drew 2 that the reference does not have (2 of them specks)." in axon


def test_words_about_outlines_say_how_far_in_both_units() -> None:
    wide = Annotation(tuple(round_label(20 + 30 * i, 20, 11) for i in range(3)))
    right = Annotation(tuple(round_label(20 + 30 * i, 20, 9) for i in range(3)))
    (line,) = compare(wide, right, shape=SHAPE, pixel_size_um=0.1).summary()
    assert line == "axon: you found 3 of 3. Your outlines are on average 2.0 px (0.2 µm) too wide."
    (line,) = compare(right, wide, shape=SHAPE).summary()
    assert line.endswith("2.0 px too narrow.")


@pytest.mark.parametrize(
    ("annotated", "known", "line"),
    [
        (Annotation(), Annotation(), "Neither you nor the reference has a label here."),
        (Annotation(), Annotation((round_label(20, 20, 5),)), "axon: you found 0 of 1; 1 was missed."),
        (Annotation((round_label(20, 20, 5),)), Annotation(), "axon: the reference has none here; you drew 1."),
    ],
)
def test_nothing_on_a_side(annotated: Annotation, known: Annotation, line: str) -> None:
    comparison = compare(annotated, known, shape=SHAPE)
    assert comparison.summary() == [line]
    assert line in comparison._repr_html_()
    comparison.figure()
    comparison.close_ups()


def test_a_perfect_copy() -> None:
    comparison = compare(reference(), reference(), shape=SHAPE)
    assert comparison.findings == () and not comparison.raster().any()
    for scores in comparison.classes:
        assert (scores.pixels.dice, scores.at[0.9].f1, scores.at[0.9].panoptic_quality) == (1, 1, 1)
        assert (scores.boundary.hausdorff(), scores.boundary_iou(), scores.offset_px) == (0, 1, 0)
    assert comparison.class_kappa() == 1
    assert "Nothing to correct" in comparison._repr_html_()


def test_classes_of_objects_have_a_kappa() -> None:
    ids = np.zeros((10, 40), int)
    for number in range(4):
        ids[2:8, 10 * number : 10 * number + 8] = number + 1
    mine, theirs = from_ids(ids, ["axon", "axon", "vessel", "vessel"]), from_ids(ids, ["axon", "vessel"] * 2)
    assert compare(mine, theirs).class_kappa() == 0  # two of four right, as chance would
    assert isnan(compare(from_ids(ids, "axon"), from_ids(ids, "axon")).class_kappa())


def test_only_the_tile_counts_and_places_stay_those_of_the_image() -> None:
    tile = Tile(100, 5, 60, 60)
    comparison = compare(damaged(), reference(), shape=SHAPE, tile=tile)
    (extra,) = comparison.findings
    assert extra.kind == "extra" and (extra.x, extra.y) == (130.5, 20.5)
    assert comparison.raster().shape == (60, 60, 4)
    assert comparison.raster(Tile(120, 10, 20, 20)).any()
    over_the_edge = compare(damaged(), reference(), shape=SHAPE, tile=Tile(100, 0, 500, 60))
    assert over_the_edge.tile == Tile(100, 0, 60, 60)
    with pytest.raises(InputError, match="not on the image of 160 x 120"):
        compare(damaged(), reference(), shape=SHAPE, tile=Tile(160, 0, 10, 10))


def test_all_scores_by_name() -> None:
    myelin, axon = compare(damaged(), reference(), shape=SHAPE, classes=["myelin", "axon"]).rows()
    assert list(myelin) == list(axon)
    assert {"dice", "iou", "precision", "recall", "f1@0.5", "f1@0.9", "panoptic_quality@0.5", "boundary_iou"} <= set(
        axon
    )
    assert {"surface_dice@1px", "surface_dice@3px", "hd95_px", "assd_px", "offset_px", "missed", "wrong class"} <= set(
        axon
    )
    assert (axon["class"], axon["objects"], axon["missed"]) == ("axon", 9, 1)
    assert float(axon["f1@0.5"]) >= float(axon["f1@0.9"])


def test_feedback_is_plain_json() -> None:
    comparison = compare(damaged(), reference(), shape=SHAPE)
    data = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert len(data["findings"]) == len(comparison.findings)
    first = data["findings"][0]
    assert {"number", "kind", "x", "y", "box", "label_ids", "sentence", "colour"} <= set(first)
    assert first["box"]["width"] > 0


def test_html_in_a_class_name_is_text() -> None:
    name = "<script>alert(1)</script>"
    mask = np.zeros((30, 30), np.uint8)
    mask[5:15, 5:15] = 1
    page = compare(np.zeros_like(mask), mask, classes=[name])._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_dollar_in_a_class_name_is_no_formula() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[5:15, 5:15] = 1
    comparison = compare(np.zeros_like(mask), mask, classes=[r"$\nothing{$"])
    assert "data:image/png" in comparison._repr_html_()


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_pictures_of_grey_and_colour_images(channels: int | None) -> None:
    image = np.full(SHAPE if channels is None else (*SHAPE, channels), 120, np.uint16)
    comparison = compare(damaged(), reference(), image=image)
    assert len(comparison.figure(numbers=3).axes[0].texts) == 3
    assert len(comparison.close_ups(count=5).axes) == 8  # two rows of four, the last three empty
    assert "data:image/png" in comparison._repr_html_()


def test_sizes_that_do_not_fit_are_told() -> None:
    mask = np.zeros((30, 40), np.uint8)
    with pytest.raises(InputError, match="40 x 20 and 40 x 30 pixels"):
        compare(mask[:20], mask)
    with pytest.raises(InputError, match="40 x 30 and 10 x 10"):
        compare(mask, mask, image=np.zeros((10, 10)))
    with pytest.raises(InputError, match="no size of their own"):
        compare(Annotation(), Annotation())
    with pytest.raises(InputError, match="no class 'vessel' in this comparison: object"):
        compare(mask, mask, classes=["object"]).of("vessel")


def test_one_pixel_objects() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[2, 2] = mask[6, 6] = 1
    assert compare(mask, mask).of("object").counts["found"] == 2
    assert compare(mask[:, ::-1], mask).of("object").counts["missed"] == 2


@given(st.sampled_from(sorted(_STEPS)), st.integers(1, 5), st.integers(1, 5))
def test_turning_back_undoes_turning(turn: str, height: int, width: int) -> None:
    pixels = np.arange(height * width * 2).reshape(height, width, 2)
    assert np.array_equal(turned_back(turned(pixels, turn), turn), pixels)  # type: ignore[arg-type]


def test_turns_by_hand() -> None:
    pixels: NDArray[np.int64] = np.array([[1, 2], [3, 4]])
    expected = {
        **{"none": [[1, 2], [3, 4]], "left": [[2, 4], [1, 3]], "half": [[4, 3], [2, 1]], "right": [[3, 1], [4, 2]]},
        **{"mirrored": [[2, 1], [4, 3]], "upside down": [[3, 4], [1, 2]]},
    }
    for turn, result in expected.items():
        assert turned(pixels, turn).tolist() == result  # type: ignore[arg-type]
    with pytest.raises(InputError, match="turn='around' is not allowed: choose one of none, left"):
        turned(pixels, "around")  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", sorted(_STEPS))
def test_who_draws_the_same_on_a_turned_tile_agrees_with_themselves(turn: str) -> None:
    first = np.zeros((40, 60), np.uint8)
    first[5:20, 10:22] = 1
    first[30:35, 40:60] = 2
    second = turned(first, turn)  # type: ignore[arg-type]
    comparison = self_agreement(first, second, turn=turn, classes=["myelin", "axon"])  # type: ignore[arg-type]
    assert comparison.findings == ()
    assert [scores.pixels.dice for scores in comparison.classes] == [1, 1]


def test_an_annotation_of_a_turned_tile() -> None:
    first = Annotation((BoxLabel(label_class="axon", centre=(10.0, 5.0), size=(8.0, 4.0)),))
    second = Annotation((BoxLabel(label_class="axon", centre=(5.0, 30.0), size=(4.0, 8.0)),))  # turned left: x -> -y
    comparison = self_agreement(first, second, turn="left", shape=(20, 40))
    assert comparison.of("axon").pixels.dice == 1
