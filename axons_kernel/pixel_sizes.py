"""How large a pixel is: what image files and the files beside them say, and what to believe of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InputError

UNIT_IN_UM = {
    **{"m": 1e6, "cm": 1e4, "mm": 1e3, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4, "inch": 25400.0, "in": 25400.0},
    **{"um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00B5m": 1.0, "micron": 1.0, "microns": 1.0},
    **{"meter": 1e6, "centimeter": 1e4, "millimeter": 1e3, "micrometer": 1.0, "nanometer": 1e-3, "angstrom": 1e-4},
}
FOLDER_SIDE_FILE = "pixel_size_in_micrometer.txt"  # one number for all images of a folder
_SAME = 0.01  # two sizes that differ by less are the same
_SMALLEST_UM, _LARGEST_UM = 1e-4, 1e3
_LARGEST_FROM_TAGS_UM = 20.0  # resolution tags beyond this are a printer's
# dots per inch of printers, screens and scanners: programs write them without knowing of any microscope
_PRINTER_DPI = {72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 250, 254, 300, 360, 400, 480, 500, 600, 720, 800}
_PRINTER_DPI |= {900, 1000, 1200, 1440, 1600, 1800, 2000, 2400, 2880, 3000, 3200, 3600, 4000, 4800, 6400, 9600}
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class KnownSize:
    """What one source says: µm per pixel along x and y, and `where` it stands ("its OME metadata")."""

    x_um: float
    y_um: float
    where: str

    @property
    def is_square(self) -> bool:
        """Whether x and y are the same."""
        return same_size(self.x_um, self.y_um)

    def __str__(self) -> str:
        size = f"{self.x_um:.4g}" if self.is_square else f"{self.x_um:.4g} x {self.y_um:.4g}"
        return f"{self.where} says {size} µm"


def same_size(first: float, second: float) -> bool:
    """Whether two sizes differ by no more than 1 %."""
    return abs(first - second) <= _SAME * max(first, second)


def check_pixel_size(value: float | None, name: str, how: str = "import_image(..., pixel_size_um=0.1)") -> float:
    """Return µm per pixel, or raise InputError that says `how` to give it."""
    if value is None:
        raise InputError(f"The pixel size of {name} is not known: give it in µm, as in {how}.")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _SMALLEST_UM <= value <= _LARGEST_UM:
        raise InputError(f"pixel_size_um={value} for {name} is not allowed: give µm per pixel, from 0.0001 to 1000.")
    return float(value)


def known_size(x: Any, y: Any, unit: Any, where: str) -> KnownSize | None:
    """A size in some unit (`y` None: as x); None when it is no length or nothing that a microscope can have."""
    scale = UNIT_IN_UM.get(str(unit))
    try:
        x_um = float(x) * (scale or math.nan)
        y_um = x_um if y is None else float(y) * (scale or math.nan)
    except (TypeError, ValueError):
        return None
    believable = all(_SMALLEST_UM <= size <= _LARGEST_UM for size in (x_um, y_um))
    return KnownSize(x_um, y_um, where) if believable else None


def resolution_size(x: float, y: float, unit: str, where: str) -> KnownSize | None:
    """What resolution tags (pixels per `unit`, "inch" or "cm") say, when a microscope can have written them."""
    if not all(math.isfinite(value) and value > 0 for value in (x, y)) or unit not in UNIT_IN_UM:
        return None
    size = known_size(1 / x, 1 / y, unit, where)
    if size is None or max(size.x_um, size.y_um) > _LARGEST_FROM_TAGS_UM:
        return None
    dots_per_inch = UNIT_IN_UM["inch"] / size.x_um
    printer = abs(dots_per_inch - round(dots_per_inch)) < 0.02 and round(dots_per_inch) in _PRINTER_DPI
    return None if printer else size


def agreed_size(sizes: Sequence[KnownSize], name: str) -> float | None:
    """µm per pixel that all sources agree on, None without any.

    Raises InputError when two differ by more than 1 %, or the pixels are not square.
    """
    settle = "correct the wrong one, or give source_pixel_size_um= to settle it"
    for size in sizes:
        if not size.is_square:
            raise InputError(
                f"The pixels of {name} are not square, as {size}: give source_pixel_size_um= to settle it."
            )
        if not same_size(size.x_um, sizes[0].x_um):
            raise InputError(f"The pixel size of {name} is unclear: {sizes[0]}, but {size}; {settle}.")
    return sizes[0].x_um if sizes else None


def json_size(content: Any, name: str) -> KnownSize | None:
    """What a JSON side file of BIDS microscopy (`PixelSize`, `PixelSizeUnits`) says. Raises InputError."""
    if not isinstance(content, dict) or "PixelSize" not in content:
        return None
    given, unit = content["PixelSize"], content.get("PixelSizeUnits", "um")
    numbers = given[:2] if isinstance(given, list) else [given]  # BIDS: x, y and perhaps z
    if numbers and all(type(number) in (int, float) for number in numbers):
        size = known_size(numbers[0], numbers[-1], unit, name)
        if size is not None:
            return size
    raise InputError(
        f"{name} gives the pixel size {given!r} in {unit!r}, which cannot be read: correct it, or give "
        "source_pixel_size_um= instead."
    )


def text_size(text: str, name: str) -> KnownSize | None:
    """What a text file beside an image says: one number (µm) with or without a unit, or a Hitachi SEM's header.

    Other text is no side file: None. Raises InputError when a file that is there for the pixel size has no number.
    """
    number = re.fullmatch(rf"\s*({_NUMBER})\s*([^\W\d]+)?\s*", text)
    if number:
        size = known_size(number[1], None, number[2] or "um", name)
        if size is not None:
            return size
    elif not name.endswith(FOLDER_SIDE_FILE):
        header = re.search(rf"(?m)^PixelSize=({_NUMBER})\s*$", text) if "[SemImageFile]" in text else None
        return known_size(header[1], None, "nm", name) if header else None
    raise InputError(
        f"{name} should hold one number, the µm per pixel, and holds {text[:40]!r}: correct it, or give "
        "source_pixel_size_um= instead."
    )
