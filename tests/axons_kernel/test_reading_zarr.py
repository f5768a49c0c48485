"""OME-Zarr: versions 0.4 and 0.5, axes, channels, and what is no image."""

from __future__ import annotations

import http.server
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.images import decode_image
from axons_kernel.importing import ImportOptions, store_image
from axons_kernel.picture import Choice, Picture
from axons_kernel.reading import open_folder_picture
from axons_kernel.storage import Store, source_folder

zarr = pytest.importorskip("zarr", reason="zarr is not installed: pip install 'axons[zarr]'")

PIXELS = np.random.default_rng(0).integers(0, 60_000, (2, 3, 4, 40, 50), dtype=np.uint16)
UM = {"type": "space", "unit": "micrometer"}
AXES = [{"name": "t"}, {"name": "c"}, {"name": "z", **UM}, {"name": "y", **UM}, {"name": "x", **UM}]


def write(
    folder: Path,
    version: str = "0.4",
    pixels: Any = PIXELS,
    axes: Any = AXES,
    scale: Any = (1, 1, 2, 0.1, 0.1),
    **facts: Any,
) -> Path:
    group = zarr.open_group(str(folder), mode="w", zarr_format=2 if version == "0.4" else 3)
    for level, step in enumerate((1, 2)):
        data = pixels[..., ::step, ::step]
        group.create_array(str(level), data=data, chunks=(*(1,) * (data.ndim - 2), 16, 16))
    datasets = [
        {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": list(scale)}]},
        {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [2 * s for s in scale]}]},
    ]
    told = {"multiscales": [{"version": version, "axes": axes, "datasets": datasets}], **facts}
    group.attrs.update({"ome": told} if version == "0.5" else told)
    return folder


def opened(folder: Path, **choice: Any) -> Picture:
    files = source_folder(folder)
    assert files is not None
    return open_folder_picture(files, folder.name, Choice(**choice))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plane_of_the_finest_level(tmp_path: Path, version: str) -> None:
    picture = opened(write(tmp_path / "a.zarr", version), t=1, z="middle")
    np.testing.assert_array_equal(picture.pixels(), np.moveaxis(PIXELS[1, :, 2], 0, 2))
    assert (picture.axes, picture.t, picture.z) == ("TCZYX", 1, 2)
    assert [size.x_um for size in picture.sizes] == [0.1]


def test_channels_by_name(tmp_path: Path) -> None:
    omero = {"channels": [{"label": name} for name in ("DAPI", "GFP", "Cy5")]}
    picture = opened(write(tmp_path / "a.zarr", omero=omero), t=0, z=0, channels=["Cy5"])
    np.testing.assert_array_equal(picture.pixels(), PIXELS[0, 2, 0])


def test_red_green_and_blue_are_colours(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (3, 40, 50), dtype=np.uint8)
    omero = {"channels": [{"label": n, "color": c} for n, c in zip("RGB", ("FF0000", "00FF00", "0000FF"), strict=True)]}
    axes = [AXES[1], *AXES[3:]]
    picture = opened(write(tmp_path / "a.zarr", pixels=rgb, axes=axes, scale=(1, 1, 1), omero=omero))
    assert picture.rgb
    np.testing.assert_array_equal(picture.pixels(), np.moveaxis(rgb, 0, 2))


@pytest.mark.parametrize(("unit", "expected"), [("nanometer", 1e-4), ("pixel", None), (None, None)])
def test_units(tmp_path: Path, unit: str | None, expected: float | None) -> None:
    axes = [{"name": "y", "unit": unit}, {"name": "x", "unit": unit}]
    picture = opened(write(tmp_path / "a.zarr", pixels=PIXELS[0, 0, 0], axes=axes, scale=(0.1, 0.1)))
    assert [size.x_um for size in picture.sizes] == ([] if expected is None else [pytest.approx(expected)])


def test_depth_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.zarr has 4 planes in depth .*: choose with z=0 to z=3"):
        opened(write(tmp_path / "a.zarr"), t=0)


def test_the_first_image_of_a_collection_is_taken_and_told(tmp_path: Path) -> None:
    zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    write(tmp_path / "a.zarr" / "0", pixels=PIXELS + 1)
    write(tmp_path / "a.zarr" / "1")
    picture = opened(tmp_path / "a.zarr", t=0, z=0, channels=0)
    np.testing.assert_array_equal(picture.pixels(), PIXELS[0, 0, 0] + 1)
    assert picture.notes == ("a.zarr holds the images 0, 1; 0 is taken. Give a.zarr/1 for another.",)


def test_a_folder_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(ImageReadError, match=r"photos cannot be imported: it is a folder, and holds no OME-Zarr image"):
        opened(tmp_path / "photos")
    zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    with pytest.raises(ImageReadError, match=r"a\.zarr is no OME-Zarr image: it has no 'multiscales'"):
        opened(tmp_path / "a.zarr")


def test_a_chunk_that_is_broken(tmp_path: Path) -> None:
    folder = write(tmp_path / "a.zarr")
    chunks = [path for path in (folder / "0").rglob("*") if path.is_file() and not path.name.startswith(".")]
    for chunk in chunks:
        chunk.write_bytes(chunk.read_bytes()[:20])
    with pytest.raises(ImageReadError, match=r"a\.zarr is not an image that can be read"):
        opened(folder, t=0, z=0).pixels()


def test_imported_and_recognised(tmp_path: Path) -> None:
    folder = write(tmp_path / "nerve.ome.zarr", pixels=PIXELS[0, :, 0], axes=[AXES[1], *AXES[3:]], scale=(1, 0.1, 0.1))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    store = Store(tmp_path / "project")
    info = store_image(store, folder, None, ImportOptions())
    assert (info.name, info.source_name, info.channels, info.pixel_size_um) == ("nerve", "nerve.ome.zarr", 3, 0.1)
    assert store_image(store, f"{folder}/", None, ImportOptions()) == info
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def test_imported_from_a_server_that_knows_no_folders(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    write(tmp_path / "nerve.zarr", pixels=PIXELS[0, 0, 0], axes=AXES[3:], scale=(0.1, 0.1))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = Store(tmp_path / "project")
        info = store_image(store, f"http://127.0.0.1:{server.server_port}/nerve.zarr", None, ImportOptions())
        server.shutdown()
    assert (info.name, info.pixel_size_um) == ("nerve", 0.1)
    np.testing.assert_array_equal(decode_image(store.read("images/nerve/image.tif"), "x").pixels, PIXELS[0, 0, 0])
