"""Names that may become a part of a path, on every kind of storage."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import InputError

TEMPORARY_PREFIX = ".axons-tmp-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_name(name: str, what: str) -> str:
    """Return `name` if it may become a part of a path, else raise InputError.

    Allowed: 1 to 100 letters, digits, '.', '_' and '-', starting with a letter or a digit.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name {what}: use 1 to 100 letters, digits, '.', '_' or '-', "
            "starting with a letter or a digit."
        )
    return name


def name_from_file(filename: str) -> str:
    """A name that `check_name` accepts, made from a file name: its stem with other characters as '-'."""
    stem = Path(filename.replace("\\", "/")).name
    while Path(stem).suffix.lower() in {".tif", ".tiff", ".ome", ".png", ".jpg", ".jpeg", ".bmp", ".webp"}:
        stem = Path(stem).stem
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return stem[:100] or "image"
