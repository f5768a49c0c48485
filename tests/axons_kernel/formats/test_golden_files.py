"""Files as other programs write them, and what must become of them; the bytes that we write for them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaml
from numpy.typing import NDArray
from PIL import Image
from roifile import ROI_TYPE, ImagejRoi

from axons_kernel.annotations import (
    Annotation,
    BoxLabel,
    EllipseLabel,
    Label,
    LabelClass,
    PointLabel,
    PolygonLabel,
)
from axons_kernel.formats import (
    class_mask,
    coco,
    django_labeller,
    geojson,
    imagej,
    instance_tiff,
    labelme,
    yolo,
)
from axons_kernel.formats.values import Hints, ImageLabels, Reading
from axons_kernel.rasterize import class_mask as draw

SHAPE = (40, 60)
HINTS = Hints(("axon", "myelin"), {"rat-6": SHAPE}, frozenset({SHAPE}))
CLASSES = (LabelClass("axon", (230, 159, 0), "nerve"), LabelClass("myelin", (86, 180, 233), "nerve"))
TRIANGLE = ((1.0, 1.0), (9.0, 1.0), (5.0, 9.0))


def labels(reading: Reading) -> tuple[Label, ...]:
    (image,) = reading.images
    assert not reading.notes
    return image.annotation.labels


def image_of(*items: Label) -> ImageLabels:
    return ImageLabels("rat-6", Annotation(items, "rat 6.png"), SHAPE)


def square(x: float, y: float, side: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


# -- every label type, shared with the front end ----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["every_type", "every_type_old"])
def test_label_types_and_their_pixels(repository: Path, form: str) -> None:
    """The front end's tests read the same files."""
    folder = repository / "tests" / "data" / "labels"
    data = (folder / f"{form}__labels.json").read_bytes()
    (image,) = django_labeller.read(form, data, HINTS).images
    golden = json.loads((folder / "every_type_mask.json").read_text())
    mask = draw(image.annotation, golden["classes"], tuple(golden["shape"]))
    assert ["".join(map(str, row)) for row in mask.tolist()] == golden["rows"]
    kinds = [label.to_json()["label_type"] for label in image.annotation.labels]
    assert kinds == ["polygon", "box", "point", "oriented_ellipse", "group", "composite", "spiral"]
    assert image.annotation.completed_tasks == ("finished",)
    assert image.annotation.extra == {"creation_date": "2020-01-31"}
    again = django_labeller.read(form, image.annotation.encode(), HINTS)
    assert again.images[0].annotation == image.annotation


# -- COCO -------------------------------------------------------------------------------------------------------------

COCO: dict[str, Any] = {
    "images": [{"id": 7, "file_name": "rat 6.png", "height": 4, "width": 5}],
    "categories": [{"id": 3, "name": "axon", "supercategory": "nerve"}, {"id": 9, "name": "myelin"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 3, "segmentation": [[0, 0, 3, 0, 3, 2, 0, 2]], "iscrowd": 0},
        {
            "id": 2,
            "image_id": 7,
            "category_id": 9,
            "segmentation": {"size": [4, 5], "counts": [6, 1, 13]},
            "iscrowd": 1,
        },
        {"id": 3, "image_id": 7, "category_id": 9, "segmentation": {"size": [4, 5], "counts": "f0200"}},
        {"id": 4, "image_id": 7, "category_id": 3, "bbox": [1, 1, 2, 2]},
        {"id": 5, "image_id": 7, "category_id": 3, "keypoints": [2.5, 1.5, 2], "num_keypoints": 1},
    ],
}


def test_coco_of_other_programs() -> None:
    tool = pytest.importorskip("pycocotools.mask")
    full = np.zeros((4, 5), np.uint8, order="F")
    full[1:3, 2:4] = 1
    document = json.loads(json.dumps(COCO))
    document["annotations"][2]["segmentation"]["counts"] = tool.encode(full)["counts"].decode()
    reading = coco.read("a.json", json.dumps(document).encode(), Hints())
    assert reading.images[0].image == "rat 6.png" and reading.images[0].shape == (4, 5)
    polygon, plain, compressed, box, point = labels(reading)
    assert isinstance(polygon, PolygonLabel) and polygon.regions == (((0, 0), (3, 0), (3, 2), (0, 2)),)
    assert [x.label_class for x in (polygon, plain, compressed)] == ["axon", "myelin", "myelin"]
    assert box == BoxLabel(label_class="axon", object_id=box.object_id, source="coco", centre=(2, 2), size=(2, 2))
    assert isinstance(point, PointLabel) and point.position == (2.5, 1.5)
    drawn = [draw(Annotation((x,)), {"myelin": 1}, (4, 5)) for x in (plain, compressed)]
    assert np.argwhere(drawn[0]).tolist() == [[2, 1]]  # the seventh pixel down the columns
    np.testing.assert_array_equal(drawn[1], full)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools with NumPy 2
def test_pycocotools_reads_what_we_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tool = pytest.importorskip("pycocotools.coco")
    ring = PolygonLabel(label_class="axon", regions=(square(2, 2, 12), square(5, 5, 4)))
    islands = PolygonLabel(label_class="myelin", regions=(square(20, 2, 5), square(30, 2, 6)))
    box = BoxLabel(label_class="axon", centre=(10, 30), size=(8, 4))
    (tmp_path / "a.json").write_bytes(coco.write((image_of(ring, islands, box),), CLASSES).files["annotations.json"])
    theirs = tool.COCO(tmp_path / "a.json")
    capsys.readouterr()
    assert [c["name"] for c in theirs.loadCats(theirs.getCatIds())] == ["axon", "myelin"]
    assert theirs.loadCats([1])[0] == {"id": 1, "name": "axon", "supercategory": "nerve", "color": [230, 159, 0]}
    for item, label in zip(theirs.loadAnns(theirs.getAnnIds()), (ring, islands, box), strict=True):
        np.testing.assert_array_equal(
            theirs.annToMask(item), draw(Annotation((label,)), {"axon": 1, "myelin": 1}, SHAPE)
        )
        assert item["area"] == theirs.annToMask(item).sum()
    assert theirs.loadAnns([3])[0]["bbox"] == [6, 28, 8, 4]


# -- YOLO -------------------------------------------------------------------------------------------------------------


def test_yolo_by_hand() -> None:
    label = PolygonLabel(label_class="myelin", regions=(((6, 4), (12, 4), (12, 8)),))
    files = yolo.write((image_of(label),), CLASSES).files
    assert files["labels/rat-6.txt"] == b"1 0.1 0.1 0.2 0.1 0.2 0.2\n"
    assert yaml.safe_load(files["data.yaml"])["names"] == {0: "axon", 1: "myelin"}


@pytest.mark.parametrize("names", [b"names: [axon, myelin]", b"nc: 2\nnames:\n  0: axon\n  1: myelin\n", None])
def test_yolo_of_other_programs(names: bytes | None) -> None:
    files = {"train/labels/rat-6.txt": b"1 0.1 0.1 0.2 0.1 0.2 0.2\n0 0.5 0.5 0.2 0.1\n", "classes.txt": b"axon"}
    reading = yolo.read_folder("f", files if names is None else {**files, "data.yaml": names}, HINTS)
    outline, box = labels(reading)
    assert isinstance(outline, PolygonLabel) and outline.regions == (((6, 4), (12, 4), (12, 8)),)
    assert outline.label_class == "myelin"
    assert isinstance(box, BoxLabel) and (box.centre, box.size, box.label_class) == ((30, 20), (12, 4), "axon")


# -- GeoJSON ----------------------------------------------------------------------------------------------------------


def feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": "PathAnnotationObject", "geometry": geometry, "properties": properties}


def test_geojson_of_qupath() -> None:
    closed = [*map(list, TRIANGLE), list(TRIANGLE[0])]
    new = feature(
        {"type": "Polygon", "coordinates": [closed]},
        objectType="annotation",
        classification={"name": "axon", "color": [200, 0, 0]},
        name="first",
    )
    old = feature(
        {"type": "MultiPolygon", "coordinates": [[closed], [[[20, 1], [29, 1], [25, 9], [20, 1]]]]},
        classification={"name": "Tumor: big", "colorRGB": -16711936},
    )
    ellipse = feature({"type": "Polygon", "coordinates": [[[0, 5], [10, 0], [20, 5], [10, 10]]], "isEllipse": True})
    points = feature({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, objectType="annotation")
    collection = {"type": "FeatureCollection", "features": [new, old, ellipse, points]}
    reading = geojson.read("a.geojson", json.dumps(collection).encode(), HINTS)
    first, islands, oval, one, two = labels(reading)
    assert isinstance(first, PolygonLabel) and first.regions == (TRIANGLE,) and first.label_class == "axon"
    assert first.source == "qupath"
    assert isinstance(islands, PolygonLabel) and len(islands.regions) == 2 and islands.label_class == "Tumor: big"
    assert isinstance(oval, EllipseLabel) and (oval.centre, oval.radius1, oval.radius2) == ((10, 5), 10, 5)
    assert isinstance(one, PointLabel) and isinstance(two, PointLabel) and two.position == (3, 4)
    assert {c.name: c.colour for c in reading.classes} == {"axon": (200, 0, 0), "Tumor: big": (0, 255, 0)}


def test_geojson_that_we_write_is_what_qupath_reads() -> None:
    hole = PolygonLabel(label_class="axon", object_id="u__1", regions=(square(5, 5, 4), square(2, 2, 12)))
    ((name, data),) = geojson.write((image_of(hole),), CLASSES).files.items()
    assert name == "rat-6.geojson"
    document = json.loads(data)
    (item,) = document["features"]
    assert document["type"] == "FeatureCollection" and item["type"] == "Feature" and len(item["id"]) == 36
    outer, inner = item["geometry"]["coordinates"]
    assert item["geometry"]["type"] == "Polygon" and outer[0] == outer[-1] == [2, 2] and inner[0] == [5, 5]
    assert item["properties"] == {
        "objectType": "annotation",
        "classification": {"name": "axon", "color": [230, 159, 0]},
        "metadata": {"object_id": "u__1", "source": "manual"},
    }


def test_a_copy_made_in_qupath_is_a_label_of_its_own() -> None:
    document = json.loads(geojson.write((image_of(PointLabel(position=(1, 2))),), ()).files["rat-6.geojson"])
    copy = json.loads(json.dumps(document["features"][0])) | {"id": "3f1b9c1e-0000-4000-8000-000000000000"}
    document["features"].append(copy)
    one, two = labels(geojson.read("a", json.dumps(document).encode(), HINTS))
    assert one.object_id != two.object_id == "3f1b9c1e-0000-4000-8000-000000000000"


# -- labelme ----------------------------------------------------------------------------------------------------------


def test_labelme_of_labelme() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.array([[0, 1], [1, 1]], np.uint8)).save(buffer, "PNG")
    shapes = [
        {
            "label": "axon",
            "points": [list(p) for p in TRIANGLE],
            "group_id": None,
            "shape_type": "polygon",
            "flags": {},
        },
        {"label": "axon", "points": [[9, 8], [1, 2]], "group_id": None, "shape_type": "rectangle", "flags": {}},
        {"label": "axon", "points": [[10, 10], [13, 14]], "group_id": None, "shape_type": "circle", "flags": {}},
        {"label": "axon", "points": [[3, 4]], "group_id": None, "shape_type": "point", "flags": {}},
        {
            "label": "myelin",
            "points": [[4, 6], [5, 7]],
            "shape_type": "mask",
            "mask": base64.b64encode(buffer.getvalue()).decode(),
        },
        {"label": "axon", "points": [list(p) for p in square(20, 2, 5)], "group_id": 4, "shape_type": "polygon"},
        {"label": "axon", "points": [list(p) for p in square(30, 2, 5)], "group_id": 4, "shape_type": "polygon"},
    ]
    document = {"version": "5.0.1", "shapes": shapes, "imagePath": "rat 6.png", "imageHeight": 40, "imageWidth": 60}
    reading = labelme.read("a.json", json.dumps(document).encode(), HINTS)
    polygon, box, circle, point, mask, islands = labels(reading)
    assert isinstance(polygon, PolygonLabel) and polygon.regions == (TRIANGLE,)
    assert isinstance(box, BoxLabel) and (box.centre, box.size) == ((5, 5), (8, 6))
    assert isinstance(circle, EllipseLabel) and circle.radius1 == circle.radius2 == 5
    assert isinstance(point, PointLabel) and point.position == (3, 4)
    drawn = draw(Annotation((mask,)), {"myelin": 1}, SHAPE)
    assert np.argwhere(drawn).tolist() == [[6, 5], [7, 4], [7, 5]]
    assert isinstance(islands, PolygonLabel) and len(islands.regions) == 2
    assert reading.images[0].image == "rat 6.png" and reading.images[0].shape == SHAPE


def test_labelme_shapes_of_a_group_that_overlap_stay_apart() -> None:
    shapes = [
        {"label": "axon", "points": [list(p) for p in square(x, 2, 6)], "group_id": 4, "shape_type": "polygon"}
        for x in (2, 5)
    ]
    reading = labelme.read("a.json", json.dumps({"shapes": shapes}).encode(), HINTS)
    assert len(reading.images[0].annotation.labels) == 2 and reading.notes[0].done == "kept apart"


def test_labelme_that_we_write() -> None:
    ring = PolygonLabel(label_class="axon", regions=(square(2, 2, 12), square(5, 5, 4)))
    document = json.loads(labelme.write((image_of(ring),), CLASSES).files["rat-6.json"])
    assert document["imageData"] is None and document["imagePath"] == "rat 6.png"
    (shape,) = document["shapes"]
    assert shape["shape_type"] == "mask" and shape["points"] == [[2, 2], [13, 13]]
    assert {"label", "points", "group_id", "description", "shape_type", "flags", "mask"} <= set(shape)


# -- ImageJ -----------------------------------------------------------------------------------------------------------


def roi(kind: ROI_TYPE, **fields: Any) -> bytes:
    made = ImagejRoi(roitype=kind, **fields)
    if kind in (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED, ROI_TYPE.POINT, ROI_TYPE.POLYLINE):
        made.n_coordinates = 3
        made.integer_coordinates = np.array([[0, 0], [8, 0], [4, 8]], np.int32)
    return made.tobytes()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (roi(ROI_TYPE.POLYGON, left=1, top=1), {"regions": (TRIANGLE,)}),
        (roi(ROI_TYPE.FREEHAND, left=1, top=1), {"regions": (TRIANGLE,)}),
        (roi(ROI_TYPE.TRACED, left=1, top=1), {"regions": (TRIANGLE,)}),
        (roi(ROI_TYPE.RECT, left=2, top=3, right=12, bottom=9), {"centre": (7, 6), "size": (10, 6)}),
        (roi(ROI_TYPE.OVAL, left=2, top=3, right=12, bottom=9), {"centre": (7, 6), "radius1": 5, "radius2": 3}),
    ],
)
def test_rois_of_imagej(data: bytes, expected: dict[str, Any]) -> None:
    (label,) = labels(imagej.read("a.roi", data, Hints(("axon",))))
    assert {key: getattr(label, key) for key in expected} == expected
    assert label.label_class == "axon" and label.source == "imagej"


def test_points_and_lines_of_imagej() -> None:
    found = labels(imagej.read("a.roi", roi(ROI_TYPE.POINT, left=1, top=1), HINTS))
    assert [label.position for label in found if isinstance(label, PointLabel)] == list(TRIANGLE)
    assert {label.label_class for label in found} == {None}  # two classes are given: nobody knows which
    reading = imagej.read("a.roi", roi(ROI_TYPE.POLYLINE, left=1, top=1), HINTS)
    assert reading.notes[0].why == "a polyline is no area and no point"


def test_the_axis_that_imagej_gets_is_the_long_one() -> None:
    """It knows no ellipse that is wider than long."""
    label = EllipseLabel(centre=(30, 20), radius1=4, radius2=8, orientation_radians=0.5)
    with zipfile.ZipFile(io.BytesIO(imagej.write((image_of(label),), ()).files["rat-6_rois.zip"])) as archive:
        made = ImagejRoi.frombytes(archive.read("00001 unclassified.roi"))
    assert np.hypot(made.x2 - made.x1, made.y2 - made.y1) == pytest.approx(16)


def test_composite_roi_with_curves() -> None:
    path = [0, 0, 0, 1, 8, 0, 3, 8, 4, 8, 8, 4, 8, 2, 0, 8, 0, 0, 4, 0, 20, 20, 1, 24, 20, 1, 24, 24, 4]
    made = ImagejRoi(roitype=ROI_TYPE.RECT, shape_roi_size=len(path))
    made.multi_coordinates = np.array(path, np.float32)
    (label,) = labels(imagej.read("a.roi", made.tobytes(), HINTS))
    assert isinstance(label, PolygonLabel) and [len(ring) for ring in label.regions] == [18, 3]


def test_zip_that_we_write_opens_in_roifile() -> None:
    ring = PolygonLabel(label_class="axon", regions=(square(2, 2, 12), square(5, 5, 4)))
    odd = PolygonLabel(label_class="../µ/<b> 🧠", regions=(TRIANGLE,))
    data = imagej.write((image_of(ring, odd),), CLASSES).files["rat-6_rois.zip"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        first = ImagejRoi.frombytes(archive.read(names[0]))
    assert names == ["00001 axon.roi", "00002 .._µ__b_ _.roi"]
    assert first.name == "00001 axon" and first.composite and first.stroke_color == bytes((255, 230, 159, 0))
    assert first.group == 1 and len(first.coordinates(multi=True)) == 2


# -- masks ------------------------------------------------------------------------------------------------------------


def test_class_mask_is_a_palette_picture() -> None:
    below, above = (
        BoxLabel(label_class="axon", centre=(5, 5), size=(4, 4)),
        PolygonLabel(label_class="myelin", regions=(square(5, 5, 4),)),
    )
    data = class_mask.write((image_of(below, above),), CLASSES).files["rat-6_mask.png"]
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "P" and picture.getpalette()[:9] == [0, 0, 0, 230, 159, 0, 86, 180, 233]
        assert np.unique(np.asarray(picture)).tolist() == [0, 1, 2] and np.asarray(picture)[6, 6] == 2


Png = Callable[..., bytes]


def test_mask_of_another_program_with_stray_values(png: Png) -> None:
    pixels = np.zeros(SHAPE, np.uint8)
    pixels[2:12, 2:12], pixels[20:30, 20:40], pixels[0, 0] = 127, 255, 3
    reading = class_mask.read("a.png", png(pixels), HINTS)
    assert [label.label_class for label in reading.images[0].annotation.labels] == ["axon", "myelin"]
    assert reading.notes[0].done == "mended on 1 pixels" and "stray grey level 3" in reading.notes[0].why


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
def test_instances_of_another_program(dtype: type) -> None:
    pixels: NDArray[Any] = np.zeros(SHAPE, dtype)
    pixels[2:12, 2:12], pixels[2:12, 20:25], pixels[30:, 50:] = 7, 7, 90
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels)
    found = labels(instance_tiff.read("a.tif", buffer.getvalue(), Hints(("axon",))))
    assert [len(label.rings()) for label in found] == [2, 1] and found[0].label_class == "axon"
    again = draw(Annotation(found[:1]), {"axon": 1}, SHAPE)
    np.testing.assert_array_equal(again, pixels == 7)


def test_instances_are_16_bit_and_list_their_objects() -> None:
    items = [PointLabel(position=(1, 1)), *(BoxLabel(centre=(3 + 5 * n, 5), size=(4, 4)) for n in range(3))]
    data = instance_tiff.write((image_of(*items),), CLASSES).files["rat-6_instances.tif"]
    pixels = tifffile.imread(io.BytesIO(data))
    assert pixels.dtype == np.uint16 and np.unique(pixels).tolist() == [0, 1, 2, 3]


def test_more_objects_than_16_bits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance_tiff, "_MOST_SHORT", 3)
    boxes = tuple(BoxLabel(centre=(3 + 5 * n, 5), size=(4, 4)) for n in range(4))
    writing = instance_tiff.write((image_of(*boxes),), ())
    pixels = tifffile.imread(io.BytesIO(writing.files["rat-6_instances.tif"]))
    assert pixels.dtype == np.uint32 and pixels.max() == 4
    assert "written with 32 bits" in [loss.done for loss in writing.losses]
    fewer = instance_tiff.write((image_of(*boxes[:3]),), ()).losses
    assert "written with 32 bits" not in [loss.done for loss in fewer]
