"""Broken label files: each is read with its repairs told, or refused in one sentence; nothing else ever happens."""

from __future__ import annotations

import base64
import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, LabelClass, PolygonLabel
from axons_kernel.errors import AxonsKernelError, ImageReadError, InputError, SchemaError
from axons_kernel.formats import coco, geojson, imagej, labelme, yolo
from axons_kernel.formats.registry import FORMATS, format_of
from axons_kernel.formats.repairs import repaired
from axons_kernel.formats.values import Hints, ImageLabels, Reading
from axons_kernel.notes import Note
from axons_kernel.rasterize import class_mask

SHAPE = (40, 60)
HINTS = Hints(("axon", "myelin"), {"rat-6": SHAPE}, frozenset({SHAPE}))
JSON_FORMATS = ("django-labeller", "coco", "geojson", "labelme")
MUTATIONS = 60  # per format and kind of change
NASTY: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**40, "", "x", "\ud800", "<script>alert(1)</script>"),
    *([], {}, [[]], [None], {"x": 1}, [[[[[[1]]]]]], [1, 2, 3, 4, 5], {"type": "Polygon"}),
)


def read(name: str, file: str, data: bytes) -> Reading:
    chosen = FORMATS[name]
    if chosen.read_folder:
        return chosen.read_folder("folder", {"data.yaml": b"names: [axon, myelin]", file: data}, HINTS)
    assert chosen.read is not None
    return chosen.read(file, data, HINTS)


def use(reading: Reading) -> None:
    """What is read must be fit for all that follows: mending, storing, drawing, exporting."""
    for image in reading.images:
        notes: list[Note] = []
        annotation = repaired(image.annotation, SHAPE, notes)
        assert Annotation.from_json(json.loads(annotation.encode())) == annotation
        names = {label.label_class for label in annotation.labels}
        "".join(name or "" for name in names).encode()
        class_mask(annotation, {name: 1 for name in names if name}, SHAPE)
        for name in FORMATS:
            FORMATS[name].write((ImageLabels("rat-6", annotation, SHAPE),), (LabelClass("axon", (1, 2, 3)),))


def bytes_changed(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(4)
        if kind == 0 and changed:
            changed[at % len(changed)] = rng.randrange(256)
        elif kind == 1:
            changed[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 30)]
        else:
            changed[at:] = b""
    return bytes(changed)


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of everything in a JSON document."""
    lists = enumerate(document) if isinstance(document, list) else ()
    for key, value in list(document.items() if isinstance(document, dict) else lists):
        yield document, key
        yield from places(value)


def values_changed(data: bytes, rng: random.Random) -> bytes:
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        found = list(places(document))
        if not found:  # nothing is left of it
            break
        holder, key = rng.choice(found)
        if rng.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(rng.choice(NASTY))
    return json.dumps(document).encode()


@pytest.mark.filterwarnings("ignore::UserWarning")  # decoders warn of broken bytes
@pytest.mark.parametrize(
    ("name", "change"),
    [*((name, bytes_changed) for name in FORMATS), *((name, values_changed) for name in JSON_FORMATS)],
)
def test_mutated_files(name: str, change: Callable[..., bytes], every_label: ImageLabels, classes: Any) -> None:
    files = FORMATS[name].write((every_label,), classes).files
    file, data = next((f, d) for f, d in files.items() if not f.endswith(".yaml"))
    rng = random.Random(name)
    refused = 0
    for _ in range(MUTATIONS):
        mutant = change(data, rng)
        try:
            reading = read(name, file, mutant)
        except AxonsKernelError as error:
            refused += 1
            assert 10 < len(str(error)) < 400 and "\n" not in str(error)
            continue
        use(reading)
    assert refused < MUTATIONS  # else nothing but refusals has been tried


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "yolo"])
def test_a_file_that_is_cut_off_is_refused(name: str, every_label: ImageLabels) -> None:
    ((file, data),) = FORMATS[name].write((every_label,), ()).files.items()
    with pytest.raises((SchemaError, ImageReadError)) as caught:
        read(name, file, data[: len(data) // 2])
    assert file in str(caught.value)


@pytest.mark.parametrize("name", JSON_FORMATS)
def test_deep_nesting_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=r"a\.json"):
        read(name, "a.json", b'{"labels":' + b"[" * 100_000)


@pytest.mark.parametrize("name", JSON_FORMATS)
@pytest.mark.parametrize("document", [None, 3, "x", {}, {"labels": 3}, {"images": {}, "annotations": []}])
def test_other_json_is_refused(name: str, document: Any) -> None:
    with pytest.raises(SchemaError):
        read(name, "a.json", json.dumps(document).encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0 a photograph", "no label file of a known kind"),
        (b'{"label_class_groups": []}', "use project.import_classes"),
    ],
)
def test_unknown_files_are_named(data: bytes, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        format_of("a.bin", data)


RING = [[1, 1], [9, 1], [9, 9]]


def shapes(*items: dict[str, Any]) -> bytes:
    return json.dumps({"shapes": [{"label": "axon", **item} for item in items]}).encode()


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"points": [[1, 1], [float("nan"), 1], [9, 9]]}, "not a finite number"),
        ({"points": [[1, 1], [float("inf"), 1], [9, 9]]}, "not a finite number"),
        ({"points": [[1, 1], ["2", 1], [9, 9]]}, "'2' is not a number"),
        ({"points": [[1, 1], [9]]}, "a list is too short"),
        ({"points": RING, "shape_type": "line"}, "'line' is none of an area or a point"),
        ({"points": RING, "label": 4}, "its class 4 is no text"),
        ({"points": [[1, 1]], "shape_type": "circle"}, "a circle needs 2 points and has 1"),
        ({"points": [[1, 1], [2, 2]], "shape_type": "mask", "mask": "nonsense"}, ""),
        ({}, "the key 'points' is missing"),
    ],
)
def test_a_broken_shape_is_dropped_and_told(item: dict[str, Any], why: str) -> None:
    reading = labelme.read("a.json", shapes({"points": RING}, item, {"points": RING}), HINTS)
    assert len(reading.images[0].annotation.labels) == 2
    (note,) = reading.notes
    assert note.where == "Shape 2" and note.done == "dropped" and why in note.why


def mended(*regions: list[tuple[float, float]]) -> tuple[int, list[Note]]:
    label = PolygonLabel(label_class="axon", regions=tuple(tuple(ring) for ring in regions))
    notes: list[Note] = []
    return len(repaired(Annotation((label,)), SHAPE, notes).labels), notes


def test_two_points_are_no_outline() -> None:
    assert mended([(1, 1), (5, 5)])[0] == 0
    count, (note,) = mended([(1, 1), (5, 5)], [(1, 1), (9, 1), (5, 5)])
    assert count == 1 and note.done == "kept without some of its regions"


def test_outside_the_image() -> None:
    count, (note,) = mended([(70, 1), (80, 1), (75, 9)])
    assert count == 0 and note.why == "it lies outside the image"
    count, (note,) = mended([(50, 1), (80, 1), (55, 9)])
    assert count == 1 and note.why == "it reaches out of the image, and is drawn only inside"
    count, (note,) = mended([(-1e9, 1), (1e9, 1), (5, 9)])
    assert count == 0 and note.why == "it reaches too far away"
    assert mended([(-0.5, -0.5), (60.5, 0), (30, 40)]) == (1, [])


def test_self_crossing_is_told() -> None:
    bow_tie = [(1.0, 1.0), (9.0, 9.0), (9.0, 1.0), (1.0, 9.0)]
    count, (note,) = mended(bow_tie)
    assert count == 1 and "crosses itself" in note.why


def test_repeated_ids_become_own_ids() -> None:
    label = PolygonLabel(label_class="axon", object_id="same", regions=(((1, 1), (9, 1), (5, 5)),))
    notes: list[Note] = []
    ids = [[x.object_id for x in repaired(Annotation((label,) * 3), SHAPE, notes).labels] for _ in range(2)]
    assert len(set(ids[0])) == 3 and ids[0] == ids[1] and ids[0][0] == "same"
    assert notes[0] == Note("Label 2", "given a new id", "an earlier label has the same")


def test_half_a_surrogate_pair_is_replaced() -> None:
    label = PolygonLabel(label_class="ax\ud800on", regions=(((1, 1), (9, 1), (5, 5)),))
    notes: list[Note] = []
    (fixed,) = repaired(Annotation((label,)), SHAPE, notes).labels
    assert fixed.label_class == "ax?on" and notes[0].done == "renamed"
    label = PolygonLabel(label_class="<" * 100_000, regions=(((1, 1), (9, 1), (5, 5)),))
    assert len(repaired(Annotation((label,)), SHAPE, notes).labels[0].label_class or "") == 200


def test_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert imagej._MOST_BYTES <= 1 << 30
    monkeypatch.setattr(imagej, "_MOST_BYTES", 4 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(6):
            archive.writestr(f"{n}.roi", b"Iout" + bytes(1 << 20))
    assert len(buffer.getvalue()) < 10_000
    with pytest.raises(SchemaError, match="would unpack to 6 MiB in 6 ROIs; at most 4 MiB"):
        imagej.read("bomb.zip", buffer.getvalue(), HINTS)


def test_zip_that_lies_about_its_sizes() -> None:
    """What is unpacked is never more than what it says."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", b"Iout" + bytes(50_000))
    data = buffer.getvalue()
    lying = data.replace((50_004).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != data
    with pytest.raises(SchemaError, match="no zip of ROIs that can be read"):
        imagej.read("a.zip", lying, HINTS)


def test_zip_without_rois() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", b"hello")
    with pytest.raises(SchemaError, match="holds no ROI"):
        imagej.read("a.zip", buffer.getvalue(), HINTS)


def test_png_bomb_inside_json_is_not_unpacked() -> None:
    header = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + (1 << 30).to_bytes(4, "big") * 2
    item = {"points": [[0, 0], [9, 9]], "shape_type": "mask", "mask": base64.b64encode(header).decode()}
    reading = labelme.read("a.json", shapes(item), HINTS)
    assert reading.notes[0].why == "its mask is no PNG, or too large to be one object"


def coco_file(**annotation: Any) -> bytes:
    image = {"id": 1, "file_name": "rat-6.png", "height": 40, "width": 60}
    item = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8], **annotation}
    return json.dumps({"images": [image], "annotations": [item], "categories": [{"id": 1, "name": "axon"}]}).encode()


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        ({"segmentation": {"size": [40, 60], "counts": [5, 5]}}, "do not add up to the image's size"),
        ({"segmentation": {"size": [40, 60], "counts": [-5, 2405]}}, "do not add up to the image's size"),
        ({"segmentation": {"size": [4, 6], "counts": [24]}}, "its mask has another size than its image"),
        ({"segmentation": {"size": [40, 60], "counts": "~~~"}}, "cannot be read"),
        ({"segmentation": [[1, 2, 3]]}, "odd number of values"),
        ({"segmentation": [[1, 2, 3, 4, 5, None]]}, "None is not a number"),
        ({"category_id": 7}, "no category of the file"),
        ({"image_id": 7}, "no image of the file"),
        ({"category_id": [1]}, "neither a number nor text"),
    ],
)
def test_a_broken_coco_annotation_is_dropped_and_told(annotation: dict[str, Any], why: str) -> None:
    reading = coco.read("a.json", coco_file(**annotation), HINTS)
    assert reading.images[0].annotation.labels == ()
    assert reading.notes[0].where == "Annotation 1" and why in reading.notes[0].why


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 0.1 0.1 0.9", "3 numbers are no outline"),
        ("7 0.1 0.1 0.9 0.1 0.5 0.5", "class 7 has no name"),
        ("axon 0.1 0.1 0.9 0.1 0.5 0.5", "not a class number followed by numbers"),
        ("0 0.1 0.1 nan 0.1 0.5 0.5", "not a class number followed by numbers"),
    ],
)
def test_a_broken_yolo_line_is_dropped_and_told(line: str, why: str) -> None:
    text = f"0 0.1 0.1 0.5 0.1 0.5 0.5\n\n{line}\n".encode()
    reading = yolo.read_folder("f", {"data.yaml": b"names: {0: axon}", "labels/rat-6.txt": text}, HINTS)
    assert len(reading.images[0].annotation.labels) == 1
    assert reading.notes[0].where == "labels/rat-6.txt, line 3" and why in reading.notes[0].why


@pytest.mark.parametrize("names", [b"names: 3", b"[", b"names: {a: b}", b"\xff\xfe\x00", b"{" * 1500])
def test_broken_yaml_is_refused(names: bytes) -> None:
    with pytest.raises(SchemaError, match=r"data\.yaml"):
        yolo.read_folder("f", {"data.yaml": names, "labels/rat-6.txt": b""}, HINTS)


def test_yaml_that_grows_when_it_is_looked_at() -> None:
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "\n".join(["a0: &a0 [lol]", *lines, "names: [*a29]"])
    with pytest.raises(SchemaError, match="has a class name that is no text"):
        yolo.read_folder("f", {"data.yaml": text.encode(), "labels/rat-6.txt": b""}, HINTS)


def test_geojson_lines_are_left_out() -> None:
    line = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": RING}, "properties": {}}
    reading = geojson.read("a.geojson", json.dumps([line]).encode(), HINTS)
    assert "'LineString' is none of an area or a point" in reading.notes[0].why


@pytest.mark.parametrize("name", ["mask", "instances"])
def test_a_mask_of_another_size_is_refused_before_it_is_read(name: str, every_label: ImageLabels) -> None:
    other = Hints((), {"rat-6": (41, 60)}, frozenset({(41, 60)}))
    ((file, data),) = FORMATS[name].write((every_label,), ()).files.items()
    reader = FORMATS[name].read
    assert reader is not None
    with pytest.raises(InputError, match="the size of none of the images"):
        reader(file, data, other)


def test_extreme_numbers_draw_without_warnings() -> None:
    """A warning would fail the test."""
    notes: list[Note] = []
    label = PolygonLabel(label_class="axon", regions=(((1e308, 1), (-1e308, 1), (5, 1e308)),))
    annotation = repaired(Annotation((label,)), SHAPE, notes)
    assert not class_mask(annotation, {"axon": 1}, SHAPE).any() and np.isfinite(len(notes))
