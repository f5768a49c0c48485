"""What a TIFF says of itself in its many dialects: pixel size and channel names."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from .pixel_sizes import UNIT_IN_UM, KnownSize, known_size, resolution_size


def tiff_sizes(tiff: Any, page: Any, number: int) -> tuple[KnownSize, ...]:
    """All pixel sizes that image `number` of a TIFF gives; `page` is the first page of it."""
    found = [_ome_size(tiff, number), _imagej_size(tiff, page), _vendor_size(tiff, page)]
    if not tiff.is_imagej:
        found.append(_tag_size(page))
    return tuple(size for size in found if size is not None)


def channel_names(tiff: Any, number: int, count: int) -> tuple[str, ...]:
    """The names of `count` channels of image `number`, where the file gives each channel one of its own."""
    pixels = _ome_pixels(tiff, number)
    names: list[str] = []
    if pixels is not None:
        names = [channel.get("Name") or "" for channel in pixels.iterfind("{*}Channel")]
    elif tiff.is_imagej:
        labels = (tiff.imagej_metadata or {}).get("Labels")
        names = [str(label).splitlines()[0] for label in labels if str(label)] if isinstance(labels, list) else []
    names = [re.sub(r"[\x00-\x1f]", " ", name).strip()[:100] for name in names]
    return tuple(names) if len(names) == count == len(set(names)) and all(names) else ()


def _ome_pixels(tiff: Any, number: int) -> Any:
    """The `Pixels` element of image `number`; None when there is none."""
    if not tiff.ome_metadata:
        return None
    images = ElementTree.fromstring(tiff.ome_metadata.encode()).findall("{*}Image")
    return images[min(number, len(images) - 1)].find("{*}Pixels") if images else None


def _ome_size(tiff: Any, number: int) -> KnownSize | None:
    pixels = _ome_pixels(tiff, number)
    if pixels is None or pixels.get("PhysicalSizeX") is None:
        return None
    x, y = pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY")
    unit, unit_y = pixels.get("PhysicalSizeXUnit", "µm"), pixels.get("PhysicalSizeYUnit", "µm")
    if y is not None and unit != unit_y and unit in UNIT_IN_UM and unit_y in UNIT_IN_UM:
        y = float(y) * UNIT_IN_UM[unit_y] / UNIT_IN_UM[unit]
    return known_size(x, y, unit, "its OME metadata")


def _resolution(page: Any) -> tuple[float, float] | None:
    values = [page.tags.valueof(name) for name in ("XResolution", "YResolution")]
    if not all(isinstance(value, tuple) and len(value) == 2 and value[0] and value[1] for value in values):
        return None
    return values[0][0] / values[0][1], values[1][0] / values[1][1]


def _imagej_size(tiff: Any, page: Any) -> KnownSize | None:
    """ImageJ gives pixels per `unit`, where unit may be any word."""
    per_unit = _resolution(page)
    if not tiff.is_imagej or per_unit is None or min(per_unit) <= 0:
        return None
    unit = str((tiff.imagej_metadata or {}).get("unit", ""))
    if unit in ("inch", "in", "cm", ""):  # what ImageJ writes for a picture with a printer's resolution
        return resolution_size(*per_unit, unit, "its resolution tag")
    return known_size(1 / per_unit[0], 1 / per_unit[1], unit, "its ImageJ metadata")


def _tag_size(page: Any) -> KnownSize | None:
    per_unit = _resolution(page)
    unit = {2: "inch", 3: "cm"}.get(int(page.tags.valueof("ResolutionUnit", 2)))
    return resolution_size(*per_unit, unit, "its resolution tag") if per_unit and unit else None


def _vendor_size(tiff: Any, page: Any) -> KnownSize | None:
    """The scale of electron microscopes (FEI, Zeiss), of Zeiss LSM, Olympus SIS and of Aperio slides."""
    if tiff.is_fei:
        scan = (tiff.fei_metadata or {}).get("Scan", {})
        return known_size(scan.get("PixelWidth"), scan.get("PixelHeight"), "m", "its FEI metadata")
    if tiff.is_sem:
        entry = (tiff.sem_metadata or {}).get("ap_image_pixel_size") or (tiff.sem_metadata or {}).get("ap_pixel_size")
        if isinstance(entry, tuple) and len(entry) >= 3:
            return known_size(entry[1], None, entry[2], "its Zeiss SEM metadata")
    if tiff.is_lsm:
        facts = tiff.lsm_metadata or {}
        return known_size(facts.get("VoxelSizeX"), facts.get("VoxelSizeY"), "m", "its LSM metadata")
    if tiff.is_sis:
        facts = tiff.sis_metadata or {}
        return known_size(facts.get("pixelsizex"), facts.get("pixelsizey"), "m", "its Olympus metadata")
    aperio = re.search(r"\|\s*MPP\s*=\s*([0-9.]+)", page.description) if tiff.is_svs else None
    return known_size(aperio[1], None, "um", "its Aperio metadata") if aperio else None
