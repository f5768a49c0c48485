"""Importing: what is recognised, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import io
import itertools
import json
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from axons_kernel import importing
from axons_kernel.annotations import Annotation
from axons_kernel.errors import AxonsKernelError, ImageReadError, InputError, NotFoundError, SchemaError, StorageError
from axons_kernel.images import ImageInfo, decode_image
from axons_kernel.import_source import Source
from axons_kernel.importing import HowToImport, ImportOptions, store_images
from axons_kernel.importing import store_image as store_with_options
from axons_kernel.mask_pictures import mask_labels, read_mask_picture
from axons_kernel.masks import read_mask
from axons_kernel.picture import Picture
from axons_kernel.project import Project
from axons_kernel.rasterize import class_mask
from axons_kernel.storage import TEMPORARY_PREFIX, Store

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


def test_into_every_kind_of_storage(store_url: str, picture: Path) -> None:
    store = Store(store_url)
    info = store_image(store, picture, None, 0.1)
    np.testing.assert_array_equal(read_back(store, "rat-6"), PIXELS)
    assert store_image(store, picture, None, 0.1).sha256 == info.sha256
    broken = noise_bytes()[:-3000]
    with pytest.raises(ImageReadError, match="not an image that can be read"):
        store_image(store, broken, "broken", 0.1)
    assert store.names("images") == ["rat-6"]


def test_from_s3_with_its_side_file(store: Store, picture: Path, s3_url: str) -> None:
    bucket = Store(s3_url)
    bucket.write("in/rat 6.png", picture.read_bytes())
    bucket.write("in/rat 6.json", b'{"PixelSize": 0.3}')
    info = store_image(store, f"{s3_url}/in/rat 6.png", None)
    assert (info.name, info.source_name, info.pixel_size_um) == ("rat-6", "rat 6.png", 0.3)
    with pytest.raises(NotFoundError, match=r"Cannot read s3://.*none\.png: there is no such file"):
        store_image(store, f"{s3_url}/in/none.png", None)


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
        ({"PixelSize": 0.2}, 0.201, 0.2),
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


# -- the same content again ---------------------------------------------------------------------------------------


def test_same_content_under_another_file_name_is_told(
    store: Store, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = store_image(store, picture, None, 0.1)
    copy = tmp_path / "copy.png"
    copy.write_bytes(picture.read_bytes())
    assert store_image(store, copy, None, 0.1) == first
    assert "copy.png is in the project already, as 'rat-6'; that image is used." in capsys.readouterr().out
    assert store_image(store, copy, "twin", 0.1).name == "twin"  # a name that was asked for is given
    assert store.names("images") == ["rat-6", "twin"]


def test_bytes_and_file_are_the_same_content(store: Store, picture: Path) -> None:
    first = store_image(store, picture, None, 0.1)
    assert store_image(store, picture.read_bytes(), None, 0.1) == first


def test_another_choice_of_the_same_content_needs_a_name(store: Store) -> None:
    array = np.dstack([PIXELS, PIXELS + 1])
    store_image(store, array, "a", 0.1)
    with pytest.raises(InputError, match="has 'a' with another choice of channels, z or t: import this one under"):
        store_image(store, array, "a", 0.1, channels=0)
    np.testing.assert_array_equal(read_back(store, store_image(store, array, "b", 0.1, channels=0).name), PIXELS)


def test_image_of_an_earlier_version_is_recognised(store: Store, picture: Path) -> None:
    info = store_image(store, picture, None, 0.1)
    optional = {name for name, field in ImageInfo.model_fields.items() if not field.is_required()}
    old = {k: v for k, v in json.loads(info.encode()).items() if k not in optional}
    store.write("images/rat-6/image.json", json.dumps(old).encode())
    assert store_image(store, picture, None, 0.1).sha256 == info.sha256


# -- pixel sizes --------------------------------------------------------------------------------------------------


def ome_file(path: Path, pixels: NDArray[Any], size: float) -> Path:
    tifffile.imwrite(path, pixels, ome=True, metadata={"PhysicalSizeX": size, "PhysicalSizeY": size})
    return path


def test_file_and_side_file_that_disagree(store: Store, tmp_path: Path) -> None:
    path = ome_file(tmp_path / "a.tif", PIXELS, 0.1)
    (tmp_path / "a.json").write_text('{"PixelSize": 0.2}')
    with pytest.raises(
        InputError, match=r"its OME metadata says 0\.1 µm, but .*a\.json says 0\.2 µm; .*source_pixel_size"
    ):
        store_image(store, path, None)
    assert store.names("") == []
    info = store_image(store, path, None, source_pixel_size_um=0.2)
    assert info.pixel_size_um == info.source_pixel_size_um == 0.2 and info.shape == PIXELS.shape


@pytest.mark.parametrize("name", ["pixel_size_in_micrometer.txt", "a.txt"])
def test_text_beside_the_image(store: Store, tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS)
    (tmp_path / name).write_text("0.07\n")
    assert store_image(store, path, None).pixel_size_um == 0.07


def test_side_file_of_a_whole_subject(store: Store, tmp_path: Path) -> None:
    """BIDS: what is nearer to the image wins."""
    for name in ("sub-1_sample-1_SEM", "sub-1_sample-2_SEM"):
        tifffile.imwrite(tmp_path / f"{name}.tif", PIXELS, description=name)
    (tmp_path / "sub-1_SEM.json").write_text('{"PixelSize": 0.1}')
    (tmp_path / "sub-1_sample-2_SEM.json").write_text('{"PixelSize": 0.2}')
    sizes = [store_image(store, tmp_path / f"sub-1_sample-{n}_SEM.tif", None).pixel_size_um for n in (1, 2)]
    assert sizes == [0.1, 0.2]


def test_real_micrographs(store: Store, sample_data: Path) -> None:
    """Ten of eight rats, one of them grey with alpha, with their sizes beside them."""
    paths = sorted((sample_data / "axon_sem_rat").glob("sub-*/micr/*.png"))
    infos = store_images(store, paths, ImportOptions(progress=False))
    assert len(infos) == len(paths) == 10 and {info.channels for info in infos} == {1}
    assert {info.dtype for info in infos} == {"uint8"}
    assert all(0.07 <= info.pixel_size_um <= 0.18 for info in infos)


def test_a_side_file_that_is_overruled_may_be_broken(store: Store, picture: Path) -> None:
    picture.with_suffix(".json").write_text("{")
    assert store_image(store, picture, None, source_pixel_size_um=0.3).pixel_size_um == 0.3


def test_another_pixel_size_is_resampled_and_told(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ome_file(tmp_path / "a.tif", np.full((200, 301), 1234, np.uint16), 0.1)
    info = store_image(store, path, None, 0.25)
    assert "a.tif has 0.1 µm per pixel; it is resampled to 0.25 µm: 120 x 80 pixels." in capsys.readouterr().out
    assert (info.shape, info.pixel_size_um) == ((80, 120), 0.25)
    assert (info.source_shape, info.source_pixel_size_um) == ((200, 301), 0.1)
    assert set(np.unique(read_back(store, "a"))) == {1234}


def test_one_per_cent_is_not_resampled(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = store_image(store, ome_file(tmp_path / "a.tif", PIXELS, 0.1), None, 0.1005)
    assert info.shape == PIXELS.shape and info.pixel_size_um == 0.1 and capsys.readouterr().out == ""


def test_growing_beyond_measure_is_refused(store: Store, tmp_path: Path) -> None:
    path = ome_file(tmp_path / "a.tif", PIXELS, 1.0)
    with pytest.raises(InputError, match=r"would be 3000 x 2000 pixels: choose a pixel_size_um= of 0\.125 or more"):
        store_image(store, path, None, 0.01)
    assert store.names("") == []


# -- several, and what goes wrong midway --------------------------------------------------------------------------


def test_one_bad_file_does_not_lose_the_others(
    store: Store, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"text")
    sources = [tmp_path / "bad.png", picture, tmp_path / "none.png", PIXELS + 7]
    with pytest.raises(
        InputError, match=r"2 of 4 could not be imported.*\n.*bad\.png is no.*\nCannot read .*none\.png: there is no"
    ):
        store_images(store, sources, ImportOptions.of(pixel_size_um=0.1))
    assert store.names("images") == ["array", "rat-6"]
    assert "importing: 100%" in capsys.readouterr().out


def test_one_instead_of_a_list(store: Store, picture: Path) -> None:
    with pytest.raises(InputError, match=r"import_images takes a list: give \[path, \.\.\.\], or call import_image"):
        store_images(store, str(picture), ImportOptions())


@pytest.mark.parametrize("source", [None, 7, ["a.png"], {"a": 1}])
def test_what_cannot_be_imported(store: Store, source: Any) -> None:
    with pytest.raises(InputError, match=r"A \w+ cannot be imported: give a path, a URL, the bytes"):
        store_image(store, source, None, 0.1)


def noise_bytes() -> bytes:
    """A TIFF of several bands, in strips."""
    noise = np.random.default_rng(0).integers(0, 255, (5000, 4000), dtype=np.uint8)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, noise, rowsperstrip=64, compression="zlib", compressionargs={"level": 1})
    return buffer.getvalue()


def noise_file(path: Path) -> Path:
    path.write_bytes(noise_bytes())
    return path


def test_a_file_that_is_broken_further_down_leaves_nothing(store: Store, tmp_path: Path) -> None:
    path = noise_file(tmp_path / "a.tif")
    data = bytearray(path.read_bytes())
    data[-2000:] = bytes(2000)
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match=r"a\.tif is not an image that can be read"):
        store_image(store, path, None, 0.1)
    assert store.names("") == []


def test_a_full_disk_leaves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file is a link to a device that is always full."""
    number = uuid.uuid4()
    monkeypatch.setattr("axons_kernel.storage.store.uuid.uuid4", lambda: number)
    folder = tmp_path / "project" / "images" / "a"
    folder.mkdir(parents=True)
    (folder / f"{TEMPORARY_PREFIX}{number.hex}").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"Cannot write .*image\.tif: the disk is full\. Free some space"):
        store_image(store, noise_file(tmp_path / "a.tif"), None, 0.1)
    assert store.names("") == []


def tiff_bytes(pixels: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels)
    return buffer.getvalue()


def test_an_import_that_is_interrupted_leaves_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = importing.write_ome_tiff

    def interrupted(path: Path, picture: Picture, size: float, *, title: str, on_rows: Any) -> None:
        def interrupt(rows: int) -> None:
            raise KeyboardInterrupt

        whole(path, picture, size, title=title, on_rows=interrupt)

    monkeypatch.setattr(importing, "write_ome_tiff", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store_image(store, noise_file(tmp_path / "a.tif"), None, 0.1)
    assert store.names("") == []


def test_names_from_files(store: Store, tmp_path: Path) -> None:
    for file, name in {"Größe é µ.ome.tif": "Grosse-e-u", "神经.png": "image", "x" * 240 + ".png": "x" * 100}.items():
        path = tmp_path / file
        path.write_bytes(tiff_bytes(PIXELS + len(name)))
        assert store_image(store, path, None, 0.1).name == name


def test_an_import_that_is_killed_leaves_a_project_that_works(store: Store, tmp_path: Path) -> None:
    store_image(store, PIXELS, "before", 0.1)
    path = noise_file(tmp_path / "a.tif")
    code = (
        "import os, signal, sys; from axons_kernel import importing, ome_tiff\n"
        "whole = importing.write_ome_tiff\n"
        "def killed(path, picture, size, *, title, on_rows):\n"
        "    whole(path, picture, size, on_rows=lambda rows: os.kill(os.getpid(), signal.SIGKILL))\n"
        "importing.write_ome_tiff = killed\n"
        "from axons_kernel.storage import Store\n"
        "importing.store_image(Store(sys.argv[1]), sys.argv[2], None, importing.ImportOptions(0.1))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, store.url, str(path)])
    assert done.returncode == -signal.SIGKILL
    assert not store.exists("images/a/image.json") and not store.exists("images/a/image.tif")
    assert store_image(store, path, None, 0.1).name == "a"
    np.testing.assert_array_equal(read_back(store, "before"), PIXELS)


PEAK_OF_IMPORT = """
import sys
from axons_kernel.importing import ImportOptions, store_image
from axons_kernel.storage import TEMPORARY_PREFIX, Store
store_image(Store(sys.argv[1]), sys.argv[2], None, ImportOptions(0.1))
print(peak_mib())
"""


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["uncompressed tiles", "deflate strips"])
def test_memory_and_progress_of_a_large_image(tmp_path: Path, kind: str, measured: Callable[..., list[str]]) -> None:
    """20000 x 20000 RGB: 1.2 GB of pixels."""
    side, path = 20_000, tmp_path / "large.tif"
    block = np.random.default_rng(0).integers(0, 255, (500, side, 3), dtype=np.uint8)
    options: dict[str, Any] = {"shape": (side, side, 3), "dtype": np.uint8, "photometric": "rgb", "bigtiff": True}
    if kind == "uncompressed tiles":
        tile = np.ascontiguousarray(block[:496, :496])
        tifffile.imwrite(path, itertools.repeat(tile, 41 * 41), tile=(496, 496), **options)
    else:
        strip = imagecodecs.deflate_encode(np.ascontiguousarray(block[:50]), level=1)
        tifffile.imwrite(path, itertools.repeat(strip, 400), rowsperstrip=50, compression="zlib", **options)
    words = measured(PEAK_OF_IMPORT, tmp_path / "project", path)
    assert float(words[-1]) < 700  # MiB
    assert re.search(r"importing large: +[1-9]\d?%", " ".join(words))


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


def test_mask_of_an_image_that_was_resampled() -> None:
    reading = read_mask_picture(MASK, (20, 30), "rat", ["a", "b"], source_shape=(10, 15))
    np.testing.assert_array_equal(reading.classes, np.searchsorted([0, 90, 255], MASK).repeat(2, 0).repeat(2, 1))


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


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "No file is named: give the path"),
        ("zip://a.tif::/etc/passwd", "Cannot read .*it is no archive that can be opened"),
        ("http://[::1/a.tif", "The address of a file is not allowed"),
        ("http://127.0.0.1:9/a.tif", "the server cannot be reached. Check the address"),
        ("a\nb.tif", "Cannot read a�b.tif: there is no such file"),
        ("a\0b.tif", "a name cannot hold the character NUL"),
    ],
)
def test_addresses_that_lead_nowhere(project: Project, source: str, message: str) -> None:
    with pytest.raises(AxonsKernelError, match=message) as caught:
        project.import_image(source)
    assert "\n" not in str(caught.value) and project.images() == []


def test_a_pixel_size_that_is_no_number(project: Project, tmp_path: Path, png: Callable[..., bytes]) -> None:
    (tmp_path / "a.png").write_bytes(png(PIXELS))
    (tmp_path / "a.json").write_text('{"PixelSize": true}')
    with pytest.raises(InputError, match=r"a\.json gives the pixel size True"):
        project.import_image(tmp_path / "a.png")
