"""TIFF in all its forms: layouts, codecs, colours, axes, and where the pixel size stands."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from axons_kernel import tiff_segments
from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.picture import Choice, Picture
from axons_kernel.reading import open_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (70, 90), dtype=np.uint8)
RGB = RNG.integers(0, 256, (70, 90, 3), dtype=np.uint8)
STACK = RNG.integers(0, 60_000, (2, 3, 4, 20, 30), dtype=np.uint16)  # time, depth, channel, row, column


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def opened(data: bytes, **choice: Any) -> Picture:
    return open_picture(io.BytesIO(data), "x.tif", Choice(**choice))


# -- layouts and codecs ------------------------------------------------------------------------------------------------

LOSSLESS = ["none", "lzw", "zlib", "zstd", "packbits", "lzma", "jpeg2000", "webp", "png", "jpegxr"]


@pytest.mark.parametrize("layout", [{"rowsperstrip": 9}, {"tile": (32, 48)}, {"rowsperstrip": 1000}])
@pytest.mark.parametrize("codec", LOSSLESS)
def test_layouts_and_codecs(codec: str, layout: dict[str, Any]) -> None:
    options: dict[str, Any] = {} if codec == "none" else {"compression": codec}
    if codec in ("jpeg2000", "webp", "jpegxr"):
        options["compressionargs"] = (
            {"lossless": True} if codec == "webp" else {"level": 0 if codec == "jpeg2000" else 100}
        )
    try:
        data = tiff(RGB, photometric="rgb", **layout, **options)
    except (imagecodecs.DelayedImportError, RuntimeError) as error:
        pytest.skip(f"this imagecodecs cannot write {codec}: {error}")
    np.testing.assert_array_equal(opened(data).pixels(), RGB)


def test_jpeg_is_as_near_as_it_can_be() -> None:
    smooth = np.stack([*np.meshgrid(np.arange(64), np.arange(64)), np.full((64, 64), 90)], axis=2).astype(np.uint8)
    data = pillow_tiff(Image.fromarray(smooth), compression="jpeg", quality=95)
    assert np.abs(opened(data).pixels().astype(int) - smooth).max() < 12


@pytest.mark.parametrize("layout", [{"rowsperstrip": 16}, {"tile": (32, 32)}])
def test_subsampled_jpeg(layout: dict[str, Any]) -> None:
    data = tiff(RGB, photometric="ycbcr", subsampling=(2, 2), compression="jpeg", **layout)
    np.testing.assert_array_equal(opened(data).pixels(), tifffile.imread(io.BytesIO(data)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "layout", [{}, {"rowsperstrip": 7, "compression": "zlib", "predictor": True}, {"tile": (16, 32)}]
)
def test_types_and_byte_orders(dtype: str, order: str, layout: dict[str, Any]) -> None:
    array = (GREY.astype(np.float64) * 3.25).astype(dtype)
    data = tiff(array, byteorder=order, **layout)
    pixels = opened(data).pixels()
    assert pixels.dtype == dtype
    np.testing.assert_array_equal(pixels, array)


@pytest.mark.parametrize("options", [{}, {"tile": (32, 32), "compression": "lzw"}, {"rowsperstrip": 8}])
def test_planar_colours(options: dict[str, Any]) -> None:
    data = tiff(np.moveaxis(RGB, 2, 0), photometric="rgb", planarconfig="separate", **options)
    np.testing.assert_array_equal(opened(data).pixels(), RGB)


def test_bands_join_without_a_seam() -> None:
    tall = RNG.integers(0, 256, (3000, 2500, 3), dtype=np.uint8)
    picture = opened(tiff(tall, photometric="rgb", rowsperstrip=7, compression="zstd"))
    assert len(list(picture.planes[0]())) > 1
    np.testing.assert_array_equal(picture.pixels(), tall)


@pytest.mark.parametrize("bits", [1, 2, 4, 12])
def test_packed_bits(bits: int) -> None:
    array = (np.arange(64, dtype=np.uint16).reshape(8, 8) % (1 << bits)).astype(np.uint16 if bits > 8 else np.uint8)
    data = tiff(array, bitspersample=bits) if bits > 1 else tiff(array > 0, photometric="minisblack")
    np.testing.assert_array_equal(opened(data).pixels(), array if bits > 1 else (array > 0) * 255)


def test_pieces_that_were_never_written_are_empty() -> None:
    data = bytearray(tiff(GREY, tile=(32, 32), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = file.pages[0].tags
        for name in ("TileOffsets", "TileByteCounts"):
            place, form = tags[name].valueoffset, "<I" if tags[name].dtype == 4 else "<H"
            struct.pack_into(form, data, place, 0)
    pixels = opened(bytes(data)).pixels()
    assert not pixels[:32, :32].any()
    np.testing.assert_array_equal(pixels[32:], GREY[32:])


# -- colours -----------------------------------------------------------------------------------------------------------


def pillow_tiff(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def test_a_palette_is_applied() -> None:
    indexed = Image.fromarray(RGB).quantize(16)
    np.testing.assert_array_equal(opened(pillow_tiff(indexed)).pixels(), np.asarray(indexed.convert("RGB")))


def test_ink_becomes_light() -> None:
    inked = Image.fromarray(RGB).convert("CMYK")
    light = opened(pillow_tiff(inked)).pixels().astype(int)
    assert np.abs(light - np.asarray(inked.convert("RGB"))).max() <= 1


@pytest.mark.parametrize("mode", ["L", "1"])
def test_white_as_zero_is_turned_round(mode: str) -> None:
    image = Image.fromarray(GREY).convert(mode)
    expected = np.asarray(image.convert("L"))
    if mode == "L":
        data = tiff(255 - expected, photometric="miniswhite")
    else:
        data = tiff(expected == 0, photometric="miniswhite", software="scanner")
    np.testing.assert_array_equal(opened(data).pixels(), expected)


def test_samples_that_are_no_alpha_are_channels() -> None:
    five = RNG.integers(0, 255, (20, 30, 5), dtype=np.uint8)
    np.testing.assert_array_equal(opened(tiff(five, photometric="minisblack", planarconfig="contig")).pixels(), five)


def test_colours_nobody_can_show() -> None:
    lab = Image.fromarray(RGB).convert("LAB")
    with pytest.raises(ImageReadError, match=r"its colours \(.*\) are not supported"):
        opened(pillow_tiff(lab))


# -- axes --------------------------------------------------------------------------------------------------------------


def stack_file(kind: str) -> bytes:
    options: dict[str, Any] = {"ome": True} if "OME" in kind else {"imagej": True}
    if "tiles" in kind:
        options |= {"tile": (16, 16), "compression": "zlib"}
    metadata = {"axes": "TZCYX"}
    if "OME" in kind:
        metadata["Channel"] = {"Name": ["DAPI", "GFP", "Cy5", "BF"]}  # type: ignore[assignment]
    return tiff(STACK, photometric="minisblack", metadata=metadata, **options)


@pytest.mark.parametrize("kind", ["OME", "OME tiles", "ImageJ"])
def test_one_plane_of_many(kind: str) -> None:
    picture = opened(stack_file(kind), t=1, z="last")
    np.testing.assert_array_equal(picture.pixels(), np.moveaxis(STACK[1, 2], 0, 2))
    assert (picture.axes, picture.z, picture.t, picture.channels) == ("TZCYX", 2, 1, 4)


def test_channels_by_name_and_number() -> None:
    picture = opened(stack_file("OME"), t=0, z=1, channels=["Cy5", 0])
    np.testing.assert_array_equal(picture.pixels(), np.moveaxis(STACK[0, 1, [2, 0]], 0, 2))
    assert picture.channel_names == ("Cy5", "DAPI")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"t": 0}, r"x\.tif has 3 planes in depth \(or pages\).*: choose with z=0 to z=2"),
        ({"z": 0}, r"x\.tif has 2 points in time.*: choose with t=0 to t=1"),
        ({"z": 3, "t": 0}, r"z=3 is not in x\.tif: give z=0 to z=2"),
        ({"z": 0, "t": 0, "channels": "gfp"}, r"no channel 'gfp': give 0 to 3 or one of 'DAPI', 'GFP', 'Cy5', 'BF'"),
    ],
)
def test_a_choice_that_is_missing_or_wrong(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(stack_file("OME"), **choice)


@pytest.mark.parametrize("options", [{"metadata": None}, {}, {"compression": "zlib"}, {"truncate": True}])
def test_pages(options: dict[str, Any]) -> None:
    pages = RNG.integers(0, 255, (5, 20, 30), dtype=np.uint8)
    np.testing.assert_array_equal(opened(tiff(pages, photometric="minisblack", **options), z=3).pixels(), pages[3])


def test_the_first_of_several_images_is_taken_and_told() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(GREY)
        writer.write(RGB, photometric="rgb")
    picture = opened(buffer.getvalue())
    np.testing.assert_array_equal(picture.pixels(), GREY)
    assert picture.notes == ("x.tif holds 2 images of about this size; the first is taken.",)


def test_a_thumbnail_is_no_image_of_its_own() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(GREY[::9, ::9])
        writer.write(RGB, photometric="rgb")
        writer.write(GREY[::4, ::4])
    picture = opened(buffer.getvalue())
    np.testing.assert_array_equal(picture.pixels(), RGB)
    assert picture.notes == ()


def test_a_pyramid_gives_its_finest_level() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, ome=True) as writer:
        writer.write(GREY, subifds=1, tile=(32, 32))
        writer.write(GREY[::2, ::2], subfiletype=1, tile=(32, 32))
    np.testing.assert_array_equal(opened(buffer.getvalue()).pixels(), GREY)


# -- pixel sizes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}}, (0.25, "OME")),
        ({"imagej": True, "resolution": (4.0, 4.0), "metadata": {"unit": "um"}}, (0.25, "ImageJ")),
        ({"imagej": True, "resolution": (4.0, 4.0), "metadata": {"unit": "micron"}}, (0.25, "ImageJ")),
        ({"imagej": True, "resolution": (0.004, 0.004), "metadata": {"unit": "nm"}}, (0.25, "ImageJ")),
        ({"imagej": True, "resolution": (72.0, 72.0), "metadata": {"unit": "inch"}}, None),
        ({"imagej": True, "resolution": (4.0, 4.0), "metadata": {"unit": "pixel"}}, None),
        ({"resolution": (40_000, 40_000), "resolutionunit": "CENTIMETER"}, (0.25, "resolution tag")),
        ({"resolution": (300, 300), "resolutionunit": "INCH"}, None),
        ({"resolution": (40_000, 40_000), "resolutionunit": "NONE"}, None),
        ({"resolution": ((0, 1), (0, 1)), "resolutionunit": "CENTIMETER"}, None),
        ({"resolution": ((4_294_967_295, 1), (1, 1)), "resolutionunit": "CENTIMETER"}, None),
        ({"description": "Aperio Image Library v1\n90x70 (256x256) |AppMag = 40|MPP = 0.25"}, (0.25, "Aperio")),
    ],
)
def test_where_the_pixel_size_stands(options: dict[str, Any], expected: tuple[float, str] | None) -> None:
    sizes = opened(tiff(GREY, **options)).sizes
    if expected is None:
        assert sizes == ()
        return
    assert len(sizes) == 1 and sizes[0].x_um == pytest.approx(expected[0]) and expected[1] in sizes[0].where


# -- broken ------------------------------------------------------------------------------------------------------------


def test_a_part_that_is_too_large_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_segments, "WHOLE_LIMIT", 5000)
    with pytest.raises(ImageReadError, match=r"its parts of 90 x 70 pixels are too large .*: save it with tiles"):
        opened(tiff(GREY, compression="zlib", rowsperstrip=100))
    np.testing.assert_array_equal(opened(tiff(GREY, compression="zlib", rowsperstrip=20)).pixels(), GREY)


def test_a_jpeg_in_a_tile_may_not_be_larger_than_the_tile() -> None:
    data = tiff(GREY[:64, :64], tile=(64, 64), compression="jpeg", compressionargs={"level": 90})
    place = data.index(b"\xff\xc0") + 5  # height and width in the JPEG's frame header
    with pytest.raises(ImageReadError, match="a part of it claims more pixels than there is room for"):
        opened(data[:place] + b"\xff" * 4 + data[place + 4 :]).pixels()


@pytest.mark.parametrize(
    ("tag", "message"), [("TileByteCounts", "lacks a part|cut off"), ("TileOffsets", "lacks a part|cut off")]
)
def test_a_part_that_is_missing(tag: str, message: str) -> None:
    data = bytearray(tiff(GREY, tile=(32, 32), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        found = file.pages[0].tags[tag]
    struct.pack_into("<H" if found.dtype == 3 else "<I", data, found.valueoffset, 0)
    with pytest.raises(ImageReadError, match=message):
        opened(bytes(data))


MULTI_FILE = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels
 ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="90" SizeY="70" SizeC="2" SizeZ="1" SizeT="1">
 <Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" SamplesPerPixel="1"/>
 <TiffData FirstC="0" IFD="0" PlaneCount="1"><UUID FileName="a.tif">urn:uuid:a</UUID></TiffData>
 <TiffData FirstC="1" IFD="0" PlaneCount="1"><UUID FileName="b.tif">urn:uuid:b</UUID></TiffData>
 </Pixels></Image></OME>"""


def test_planes_in_other_files_are_not_looked_for(tmp_path: Path) -> None:
    """The names in OME-XML could be those of any file of this machine."""
    tifffile.imwrite(tmp_path / "b.tif", 255 - GREY)
    tifffile.imwrite(tmp_path / "a.tif", GREY, description=MULTI_FILE.replace("\n", ""), metadata=None)
    with (tmp_path / "a.tif").open("rb") as file:
        picture = open_picture(file, "a.tif")
        np.testing.assert_array_equal(picture.pixels(), GREY)
    assert picture.notes == ("The OME metadata of a.tif speak of other files; only what is in this one is taken.",)


@pytest.mark.parametrize(("codec", "name"), [("lerc", "LERC"), ("jpegxl", "JPEG XL")])
def test_compressions_whose_parts_may_claim_any_size(codec: str, name: str) -> None:
    with pytest.raises(
        ImageReadError, match=f"its compression {name} is not supported: save it with deflate, Zstandard"
    ):
        opened(tiff(GREY[:64, :64], tile=(64, 64), compression=codec))
