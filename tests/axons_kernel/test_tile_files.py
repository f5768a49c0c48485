"""Tiles of a project: cut, drawn, stitched to a file, exported for other programs and imported again."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.images import decode_image
from axons_kernel.project import Project
from axons_kernel.project_image import ProjectImage
from axons_kernel.stitching import Piece
from axons_kernel.tiling import Edge, Tile

Kind = tuple[str, int]  # dtype and channels
KINDS: list[Kind] = [("uint8", 1), ("uint8", 3), ("uint16", 1), ("uint16", 3), ("uint16", 4), ("float32", 2)]


def import_picture(project: Project, kind: Kind = ("uint8", 1), shape: tuple[int, int] = (700, 610)) -> ProjectImage:
    rng = np.random.default_rng(0)
    dtype, channels = kind
    values = rng.integers(0, 60000, (*shape, channels)) % (256 if dtype == "uint8" else 60000)
    pixels = values.astype(dtype)
    return project.import_image(pixels[..., 0] if channels == 1 else pixels, name="nerve", pixel_size_um=0.5)


# -- cutting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", ["shift", "reflect", "drop"])
@pytest.mark.parametrize("level", [0, 1])
def test_tiles_of_a_project_are_read_as_they_were_cut(project: Project, edge: Edge, level: int) -> None:
    image = import_picture(project, ("uint16", 3))
    tiling = project.tile(image, size=128, overlap=16, edge=edge, level=level)
    assert project.tiling("nerve") == tiling and tiling.scale == 2**level
    height, width = tiling.level_shape
    whole = image.pyramid().read(Tile(0, 0, width, height), level)
    padded = np.pad(whole, ((0, 128), (0, 128), (0, 0)), mode="reflect")
    read = list(project.read_tiles(tiling))
    assert len(list(project.read_tiles("nerve"))) == len(read)
    assert [tile for tile, _ in read] == list(tiling.tiles)
    for tile, pixels in read:
        np.testing.assert_array_equal(pixels, tile.to_level(2**level).cut(padded))
        np.testing.assert_array_equal(pixels, image.read(tile, level))


def test_tissue_is_kept_and_drawn(project: Project) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(240, 2, (600, 800))
    pixels[:, :400] = rng.normal(120, 40, (600, 400))
    image = project.import_image(np.clip(pixels, 0, 255).astype(np.uint8), name="half", pixel_size_um=1)
    tiling = project.tile(image, size=100, overlap=0, keep="tissue", min_share=0.3)
    assert tiling.foreground is not None and tiling.foreground.background == "bright"
    assert {tile.x for tile in tiling.tiles} == {0, 100, 200, 300} and len(tiling.dropped) == 24
    figure = project.tiling_figure(image)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "dropped: 24 tiles",
        "kept: 24 tiles",
    ]
    shown = figure.axes[0].images[0].get_array()
    assert shown[300, 700].mean() < 150 < 200 < image.preview()[300, 700].mean()
    np.testing.assert_array_equal(shown[:, :390], image.preview()[:, :390])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "some"}, "keep='some' is not allowed: give 'all', or 'tissue'"),
        ({"min_share": 0}, "min_share=0 is not allowed: give a share of a tile, over 0 and up to 1"),
        ({"level": 2}, "'nerve' has no level 2: give 0 to 1"),
        ({"size": 1024, "edge": "drop"}, "No tile of 1024 fits into 610 x 700 pixels"),
    ],
)
def test_cuts_that_are_not_allowed(project: Project, options: dict[str, Any], message: str) -> None:
    import_picture(project)
    with pytest.raises(InputError, match=message):
        project.tile("nerve", **options)
    assert not project.store.exists("tilings/nerve.json")


def test_training_sets_take_what_is_inside(project: Project) -> None:
    image = import_picture(project, shape=(100, 100))
    tiling = project.tile(image, size=64, overlap=0, edge="reflect")
    assert tiling.tiles[-1] == Tile(64, 64, 64, 64)
    project.import_mask(image, np.tile(np.arange(100) % 2, (100, 1)).astype(np.uint8), ["stripe"])
    training_set = project.create_training_set(images=[image], validation=0.2)
    assert all(item.tile.clipped((100, 100)) == item.tile for item in training_set.tiles)


# -- stitching to a file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_stitched_file_equals_the_image(project: Project, tmp_path: Path, kind: Kind) -> None:
    image = import_picture(project, kind)
    tiling = project.tile(image, size=100, overlap=30, edge="reflect")
    project.stitch(tiling, reversed(list(project.read_tiles(tiling))), tmp_path / "out.tif", blend="hann")
    found = decode_image((tmp_path / "out.tif").read_bytes(), "out.tif")
    np.testing.assert_array_equal(found.pixels, image.pixels())
    assert found.pixel_size_um == 0.5


def test_a_stitched_file_at_an_address_or_beside(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = import_picture(project)
    tiling = project.tile(image, size=128, overlap=0)
    monkeypatch.chdir(tmp_path)
    for to in ("memory://stitched/out.tif", "out.tif"):
        project.stitch(tiling, project.read_tiles(tiling), to, progress=False)
        with fsspec.open(to, "rb") as file:
            np.testing.assert_array_equal(decode_image(file.read(), to).pixels, image.pixels())
    with pytest.raises(InputError, match="names no file: give a new file name"):
        project.stitch(tiling, project.read_tiles(tiling), "folder/")
    fsspec.filesystem("memory").rm("stitched", recursive=True)


def test_classes_stay_classes_at_every_level(project: Project, tmp_path: Path) -> None:
    image = import_picture(project, shape=(1200, 1100))
    tiling = project.tile(image, size=256, overlap=64, level=1)
    rng = np.random.default_rng(0)
    parts = [(tile, rng.choice([0, 9], (256, 256)).astype(np.uint8)) for tile in tiling.tiles]
    project.stitch(tiling, parts, tmp_path / "mask.tif", blend="vote")
    with tifffile.TiffFile(tmp_path / "mask.tif") as file:
        levels = [level.asarray() for level in file.series[0].levels]
        assert 'PhysicalSizeX="1.0"' in (file.ome_metadata or "")
    assert [level.shape for level in levels] == [(600, 550), (300, 275)]
    assert all(set(np.unique(level)) == {0, 9} for level in levels)


def test_a_stitch_that_fails_leaves_nothing(project: Project, tmp_path: Path) -> None:
    tiling = project.tile(import_picture(project), size=128, overlap=0)

    def broken() -> Iterator[Piece]:
        for number, piece in enumerate(project.read_tiles(tiling)):
            if number == 7:
                raise RuntimeError("the model failed")
            yield piece

    folder = tmp_path / "out"
    with pytest.raises(RuntimeError, match="the model failed"):
        project.stitch(tiling, broken(), folder / "a.tif")
    with pytest.raises(InputError, match="29 of 30 tiles are missing"):
        project.stitch(tiling, list(project.read_tiles(tiling))[:1], folder / "a.tif")
    assert list(folder.iterdir()) == []
    (folder / "a.tif").write_text("mine")
    with pytest.raises(InputError, match=r"a\.tif' is there already: give a new file name"):
        project.stitch(tiling, project.read_tiles(tiling), folder / "a.tif")
    assert (folder / "a.tif").read_text() == "mine"


# -- export and import ----------------------------------------------------------------------------------------------


def exported(project: Project, folder: Path, kind: Kind = ("uint8", 1), **options: Any) -> NDArray[Any]:
    """Export the tiles of a picture, and give the pixels that they were cut from."""
    format = options.pop("format", "png")
    image = import_picture(project, kind)
    tiling = project.tile(image, **{"size": 128, "overlap": 32, **options})
    project.export_tiles(image, folder, format=format)
    return image.pyramid().read(Tile(0, 0, *tiling.level_shape[::-1]), tiling.level)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", ["png", "tiff"])
def test_exported_tiles_come_back_bit_for_bit(project: Project, tmp_path: Path, kind: Kind, format: str) -> None:
    if format == "png" and kind[1] in (2, 4):
        with pytest.raises(InputError, match=r"PNG cannot hold 'nerve' .*: give format='tiff'"):
            exported(project, tmp_path / "tiles", kind, format=format)
        assert not (tmp_path / "tiles").exists()
        return
    pixels = exported(project, tmp_path / "tiles", kind, format=format)
    (image,) = project.import_tiles(tmp_path / "tiles", name="again")
    np.testing.assert_array_equal(image.pixels(), pixels)
    assert image.pixels().dtype == pixels.dtype and image.pixel_size_um == 0.5
    assert project.import_tiles(tmp_path / "tiles", name="again")[0].info == image.info  # recognised


@pytest.mark.parametrize("edge", ["shift", "reflect", "drop"])
def test_a_level_comes_back_with_its_own_pixel_size(project: Project, tmp_path: Path, edge: Edge) -> None:
    pixels = exported(project, tmp_path / "tiles", edge=edge, level=1, overlap=8).copy()
    (image,) = project.import_tiles(tmp_path / "tiles", name="again")
    if edge == "drop":  # 2 tiles of 128 that overlap by 8, and black around them
        pixels[248:], pixels[:, 248:] = 0, 0
    np.testing.assert_array_equal(image.pixels(), pixels)
    assert image.pixel_size_um == 1.0


def test_other_programs_can_use_the_folder(project: Project, tmp_path: Path) -> None:
    pixels = exported(project, tmp_path / "tiles", edge="reflect")
    manifest = json.loads((tmp_path / "tiles" / "manifest.json").read_text())
    info = project.image("nerve").info
    assert manifest["schema"] == "axons.tiles/1" and manifest["image_sha256"] == info.sha256
    assert manifest["pixel_size_um"] == 0.5 and manifest["image_shape"] == [700, 610]
    padded = np.pad(pixels, ((0, 128), (0, 128)), mode="reflect")
    for entry in manifest["files"]:
        data = (tmp_path / "tiles" / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        tile = Tile(*(entry[key] for key in ("x", "y", "width", "height")))
        with Image.open(tmp_path / "tiles" / entry["file"]) as picture:
            np.testing.assert_array_equal(np.asarray(picture), tile.cut(padded))
    outlines = json.loads((tmp_path / "tiles" / "tiles.geojson").read_text())
    assert outlines["type"] == "FeatureCollection" and len(outlines["features"]) == len(manifest["files"])
    last = outlines["features"][-1]
    assert last["geometry"] == {
        "type": "Polygon",
        "coordinates": [[[576, 576], [610, 576], [610, 700], [576, 700], [576, 576]]],  # inside the image
    }
    assert last["properties"]["objectType"] == "annotation" and last["properties"]["isLocked"]
    assert len({feature["id"] for feature in outlines["features"]}) == len(outlines["features"])


def test_each_tile_as_an_image(project: Project, tmp_path: Path) -> None:
    pixels = exported(project, tmp_path / "tiles", ("uint8", 3), size=256, overlap=0)
    images = project.import_tiles(tmp_path / "tiles", name="part", each=True)
    assert [image.name for image in images[:2]] == ["part_x000000_y000000", "part_x000256_y000000"]
    assert len(images) == 9 and all(image.pixel_size_um == 0.5 for image in images)
    np.testing.assert_array_equal(images[-1].pixels(), pixels[-256:, -256:])


def test_changed_and_missing_tiles_are_named(project: Project, tmp_path: Path) -> None:
    exported(project, tmp_path / "tiles")
    files = sorted((tmp_path / "tiles" / "tiles").iterdir())
    files[3].write_bytes(files[4].read_bytes())
    files[7].unlink()
    before = [image.name for image in project.images()]
    for each in (False, True):
        with pytest.raises(InputError) as raised:
            project.import_tiles(tmp_path / "tiles", name="again", each=each)
        assert re.search(rf"{files[7].name} is missing; tiles/{files[3].name} is changed", str(raised.value))
        assert "Export the tiles again" in str(raised.value)
    assert [image.name for image in project.images()] == before


def test_folders_that_are_no_export(project: Project, tmp_path: Path) -> None:
    exported(project, tmp_path / "tiles")
    with pytest.raises(
        InputError, match=r"has no manifest\.json: give a folder that project\.export_tiles has finished"
    ):
        project.import_tiles(tmp_path / "other")
    with pytest.raises(InputError, match=r"holds other files \(manifest\.json, tiles\.geojson\): choose a new"):
        project.export_tiles("nerve", tmp_path / "tiles")
    manifest = tmp_path / "tiles" / "manifest.json"
    whole = manifest.read_text()
    manifest.write_text(re.sub(r'"tiles/nerve_x000000_y000000\.png"', '"../../secret.png"', whole))
    with pytest.raises(InputError, match=r"names the file '\.\./\.\./secret\.png', which is not inside the folder"):
        project.import_tiles(tmp_path / "tiles", name="again")
    with pytest.raises(InputError, match="format='jpeg' is not allowed: give 'png' or 'tiff'"):
        project.export_tiles("nerve", tmp_path / "new", format="jpeg")  # type: ignore[arg-type]


def test_a_tile_that_is_another_picture(project: Project, tmp_path: Path) -> None:
    """The checksum is that of the file, and the file is not what the manifest says of it."""
    exported(project, tmp_path / "tiles")
    manifest, first = tmp_path / "tiles" / "manifest.json", tmp_path / "tiles" / "tiles" / "nerve_x000000_y000000.png"
    for content, error in ((b"no picture", ImageReadError), (None, InputError)):
        old = hashlib.sha256(first.read_bytes()).hexdigest()
        first.write_bytes(content) if content else Image.new("L", (5, 5)).save(first)
        new = hashlib.sha256(first.read_bytes()).hexdigest()
        manifest.write_text(manifest.read_text().replace(old, new))
        with pytest.raises(error, match="nerve_x000000_y000000"):
            project.import_tiles(tmp_path / "tiles", name="again")
        assert [image.name for image in project.images()] == ["nerve"]


def test_an_export_that_was_cut_off_is_started_again(project: Project, tmp_path: Path) -> None:
    pixels = exported(project, tmp_path / "tiles")
    for name in ("manifest.json", "tiles.geojson"):
        (tmp_path / "tiles" / name).unlink()
    next((tmp_path / "tiles" / "tiles").iterdir()).write_bytes(b"half")
    project.export_tiles("nerve", tmp_path / "tiles")
    (image,) = project.import_tiles(tmp_path / "tiles", name="again")
    np.testing.assert_array_equal(image.pixels(), pixels)


_SLOW = """
import sys, time
from axons_kernel import open_project, tile_export
project = open_project(sys.argv[1])

def slowly(pieces):
    for number, piece in enumerate(pieces):
        print(number, flush=True)
        time.sleep(0.05)
        yield piece

if sys.argv[2] == "stitch":
    project.stitch(project.tiling("nerve"), slowly(project.read_tiles("nerve")), sys.argv[3], progress=False)
else:
    read = tile_export.tiles_of
    tile_export.tiles_of = lambda image, tiling: slowly(read(image, tiling))
    project.export_tiles("nerve", sys.argv[3], progress=False)
"""


@pytest.mark.parametrize("work", ["stitch", "export"])
def test_a_killed_process_leaves_nothing_that_looks_whole(project: Project, tmp_path: Path, work: str) -> None:
    image = import_picture(project)
    tiling = project.tile(image, size=128, overlap=0)
    target = tmp_path / ("out/whole.tif" if work == "stitch" else "tiles")
    command = [sys.executable, "-c", _SLOW, project.store.url, work, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while int(child.stdout.readline()) < 15:
            pass
        child.kill()
    if work == "stitch":
        assert not target.exists()
        project.stitch(tiling, project.read_tiles(tiling), target)
        np.testing.assert_array_equal(decode_image(target.read_bytes(), "whole.tif").pixels, image.pixels())
        return
    with pytest.raises(
        InputError, match=r"has no manifest\.json: give a folder that project\.export_tiles has finished"
    ):
        project.import_tiles(target, name="again")
    project.export_tiles(image, target)
    np.testing.assert_array_equal(project.import_tiles(target, name="again")[0].pixels(), image.pixels())
