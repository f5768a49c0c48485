"""Names that may become a part of a path, on every kind of storage; and addresses that may be shown."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ..errors import InputError

TEMPORARY_PREFIX = ".axons-tmp-"
LOCK_NAME = ".axons-lock"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PART_BYTES, _KEY_BYTES = 255, 900  # what file systems and S3 (1024 with the project's own prefix) take


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


def check_key(key: str) -> str:
    """Return `key` if it is a path below a root on every kind of storage, else raise InputError.

    Allowed: parts between '/', each of 1 to 255 bytes without NUL and none of them '.' or '..'.
    """
    parts = key.split("/")
    long = any(len(part.encode(errors="replace")) > _PART_BYTES for part in parts) or len(key.encode()) > _KEY_BYTES
    if long or "\0" in key or any(part in ("", ".", "..") for part in parts):
        raise InputError(
            f"{key[:80]!r} cannot be the place of an object: it is too long, or has an empty part, '.', '..' or NUL."
        )
    return key


def name_from_file(filename: str) -> str:
    """A name that `check_name` accepts, made from a file name: its stem with other characters as '-'."""
    stem = Path(filename.replace("\\", "/")).name
    while Path(stem).suffix.lower() in {
        ".tif",
        ".tiff",
        ".ome",
        ".png",
        ".jpg",
        ".jpeg",
        ".jp2",
        ".bmp",
        ".webp",
        ".zarr",
    }:
        stem = Path(stem).stem
    stem = unicodedata.normalize("NFKD", stem.replace("ß", "ss").replace("µ", "u"))
    stem = "".join(letter for letter in stem if not unicodedata.combining(letter))  # é as e
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return stem[:100] or "image"


def shown(location: str | os.PathLike[str]) -> str:
    """An address as it may stand in a message: on one line, without user, password and signed query."""
    text = "".join(letter if letter.isprintable() else "�" for letter in os.fspath(location))
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError as error:  # brackets that do not match
        raise InputError("The address of a file is not allowed: give https://<server>/<file> or a path.") from error
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
