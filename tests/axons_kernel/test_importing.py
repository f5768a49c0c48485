"""Importing: what is recognised, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pytest
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation
from axons_kernel.errors import ImageReadError, InputError, NotFoundError, SchemaError
from axons_kernel.images import ImageInfo, decode_image
from axons_kernel.import_source import Source
from axons_kernel.importing import HowToImport, ImportOptions
from axons_kernel.importing import store_image as store_with_options
from axons_kernel.mask_pictures import mask_labels, read_mask_picture
from axons_kernel.masks import read_mask
from axons_kernel.rasterize import class_mask
from axons_kernel.storage import Store

PIXELS = np.arange(600, dtype=np.uint16).reshape(20, 30)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "project")


@pytest.fixture
def picture(tmp_path: Path, png: Callable[..., bytes]) -> Path:
    path = tmp_path / "rat 6.png"
    path.write_bytes(png(PIXELS))
    return path


def store_image(
    store: Store, source: Source, name: str | None, pixel_size_um: float | None = None, **how: Unpack[HowToImport]
) -> ImageInfo:
    return store_with_options(store, source, name, ImportOptions.of(pixel_size_um=pixel_size_um, **how))


def read_back(store: Store, name: str) -> NDArray[Any]:
    return decode_image(store.read(f"images/{name}/image.tif"), name).pixels


def test_file_is_copied_with_its_facts(store: Store, picture: Path) -> None:
    before = picture.read_bytes()
    info = store_image(store, picture, None, 0.1)
    assert (info.name, info.source_name, info.shape, info.channels) == ("rat-6", "rat 6.png", (20, 30), 1)
    assert (info.dtype, info.pixel_size_um, len(info.sha256)) == ("uint16", 0.1, 64)
    np.testing.assert_array_equal(read_back(store, "rat-6"), PIXELS)
    assert picture.read_bytes() == before


def test_url_is_read(store: Store, picture: Path) -> None:
    assert store_image(store, f"file://{picture}", "a", 0.1).shape == (20, 30)


@pytest.mark.parametrize(
    ("array", "dtype", "shape"),
    [
        (PIXELS, "uint16", (20, 30)),
        (PIXELS[..., None], "uint16", (20, 30)),
        (PIXELS.astype(np.int64), "uint16", (20, 30)),
        (PIXELS / 7, "float32", (20, 30)),
        (PIXELS > 5, "uint8", (20, 30)),
        (np.dstack([PIXELS] * 2), "uint16", (20, 30, 2)),
        (np.dstack([PIXELS] * 4), "uint16", (20, 30, 4)),
    ],
)
def test_array_is_stored_as_it_is_described(
    store: Store, array: NDArray[Any], dtype: str, shape: tuple[int, ...]
) -> None:
    info = store_image(store, array, "a", 0.1)
    pixels = read_back(store, "a")
    assert str(pixels.dtype) == info.dtype == dtype
    assert pixels.shape == shape and info.channels == (shape[2] if len(shape) == 3 else 1)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((0, 5)), "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.zeros((3, 3), complex), "complex128"),
        (np.array([["a", "b"]]), "<U1"),
    ],
)
def test_array_that_is_no_image(store: Store, array: NDArray[Any], message: str) -> None:
    with pytest.raises(ImageReadError, match=f"the array holds .*{message}"):
        store_image(store, array, "a", 0.1)
    assert store.names("") == []


def test_same_image_twice_is_one(store: Store, picture: Path) -> None:
    assert store_image(store, picture, None, 0.1) == store_image(store, picture, None, 0.1)
    assert store.names("images") == ["rat-6"]


def test_another_image_of_the_name_is_refused(store: Store) -> None:
    store_image(store, PIXELS, "a", 0.1)
    for other in (PIXELS + 1, PIXELS.reshape(30, 20)):
        with pytest.raises(InputError, match=r"has another image named 'a': give this one a name="):
            store_image(store, other, "a", 0.1)
    np.testing.assert_array_equal(read_back(store, "a"), PIXELS)


def test_another_pixel_size_is_not_lost_silently(store: Store) -> None:
    store_image(store, PIXELS, "a", 0.1)
    with pytest.raises(InputError, match=r"has 'a' with 0\.1 µm per pixel, not 0\.2"):
        store_image(store, PIXELS, "a", 0.2)


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "a\0b", "x" * 300, "", "x" * 101])
def test_bad_name(store: Store, name: str) -> None:
    if not name:  # no name at all is taken from the source
        assert store_image(store, PIXELS, name, 0.1).name == "array"
        return
    with pytest.raises(InputError, match="cannot name an image"):
        store_image(store, PIXELS, name, 0.1)
    assert store.names("") == []


@pytest.mark.parametrize(
    ("side_file", "given", "expected"),
    [
        ({"PixelSize": [0.2, 0.2], "PixelSizeUnits": "um"}, None, 0.2),
        ({"PixelSize": 200, "PixelSizeUnits": "nm"}, None, 0.2),
        ({"PixelSize": 0.2}, 0.5, 0.5),
    ],
)
def test_pixel_size_from_side_file(
    store: Store, picture: Path, side_file: Any, given: float | None, expected: float
) -> None:
    picture.with_suffix(".json").write_text(json.dumps(side_file))
    assert store_image(store, picture, None, given).pixel_size_um == pytest.approx(expected)


@pytest.mark.parametrize(
    ("side_file", "given", "error"),
    [
        (None, None, InputError),
        (None, 0, InputError),
        (None, -1, InputError),
        ("{}", None, InputError),
        ("{", None, SchemaError),
    ],
)
def test_unknown_pixel_size(
    store: Store, picture: Path, side_file: str | None, given: float | None, error: type[Exception]
) -> None:
    if side_file is not None:
        picture.with_suffix(".json").write_text(side_file)
    with pytest.raises(error, match=r"pixel.size|rat 6\.json is not readable JSON"):
        store_image(store, picture, None, given)
    assert store.names("") == []


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, NotFoundError), (b"", ImageReadError), (b"text", ImageReadError), (b"\x89PNG", ImageReadError)],
)
def test_unreadable_file_names_itself(
    store: Store, tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=r"bad\.png"):
        store_image(store, path, None, 0.1)
    assert store.names("") == []


# -- masks ------------------------------------------------------------------------------------------------------

MASK = np.kron(np.uint8([[0, 90, 0], [255, 0, 90]]), np.ones((5, 5), np.uint8))


@pytest.mark.parametrize("form", ["array", "png", "grey+alpha png", "bool"])
def test_mask_forms(tmp_path: Path, png: Callable[..., bytes], form: str) -> None:
    source: Any = MASK
    expected, classes = np.searchsorted([0, 90, 255], MASK), ["myelin", "axon"]
    if "png" in form:
        source = tmp_path / "mask.png"
        source.write_bytes(png(MASK if form == "png" else np.dstack([MASK, MASK * 0 + 255])))
    elif form == "bool":
        source, expected, classes = MASK > 0, MASK > 0, ["cell"]
    np.testing.assert_array_equal(read_mask_picture(source, (10, 15), "a", classes).classes, expected)


def test_mask_of_another_size() -> None:
    with pytest.raises(InputError, match=r"the mask is 15 x 10 pixels, but rat is 16 x 10: a mask needs the size"):
        read_mask_picture(MASK, (10, 16), "rat", ["a", "b"])


@pytest.mark.parametrize("classes", [[], ["axon"], ["a", "b", "c"]])
def test_mask_with_other_classes(classes: list[str]) -> None:
    with pytest.raises(InputError, match=r"grey levels \[90, 255\] beside 0, which makes 2 classes, but . are named"):
        read_mask_picture(MASK, (10, 15), "rat", classes)


def test_labels_draw_the_mask_again() -> None:
    reading = read_mask(MASK, {"myelin": 90, "axon": 255})
    labels = mask_labels(reading, ["myelin", "axon"])
    assert [label.label_class for label in labels] == ["myelin", "axon"]  # touching corners join
    drawn = class_mask(Annotation(tuple(labels)), {"myelin": 1, "axon": 2}, MASK.shape)
    np.testing.assert_array_equal(drawn, reading.classes)
