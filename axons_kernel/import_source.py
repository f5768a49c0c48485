"""What can be imported: a path, a URL, bytes or an array, opened with its name, its hash and what stands beside it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .documents import parse_json
from .errors import InputError
from .images import pixels_picture
from .picture import Bands, Choice, Picture
from .pixel_sizes import FOLDER_SIDE_FILE, KnownSize, json_size, text_size
from .reading import open_folder_picture, open_picture
from .reading_zarr import zarr_sha256
from .storage import explained, fetch_source, read_if_there, shown, source_folder

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | NDArray[Any]

_PIECE = 4 << 20  # bytes that are hashed at a time
_ENDS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".jp2", ".zarr", ".ome")


@dataclass(frozen=True)
class OpenedSource:
    """A source: its `name`, the `sha256` of its content, and its picture with all pixel sizes that are known of it."""

    name: str
    sha256: str
    picture: Picture


@contextlib.contextmanager
def opened_source(
    source: Source, name: str, choice: Choice, *, side_files: bool = True, progress: bool = False
) -> Iterator[OpenedSource]:
    """Open what can be imported; `name` is what messages call a source that has none of its own.

    Raises ImageReadError, InputError, NotFoundError or StorageError.
    """
    if isinstance(source, np.ndarray):
        yield _array(source, name, choice)
    elif isinstance(source, bytes | bytearray | memoryview):
        data = io.BytesIO(source)
        yield OpenedSource(name, _sha256(data), open_picture(data, name, choice))
    elif isinstance(source, str | os.PathLike) and (files := source_folder(source)) is not None:
        location = os.fspath(source).rstrip("/")
        picture = _network_told(open_folder_picture(files, shown(location), choice), location)
        yield OpenedSource(
            os.path.basename(shown(location)), zarr_sha256(picture), _with_side_files(picture, location, side_files)
        )
    elif isinstance(source, str | os.PathLike):
        location = os.fspath(source)
        with contextlib.ExitStack() as kept:
            with _transfer_bar(location, progress) as on_bytes:
                file = kept.enter_context(fetch_source(location, on_bytes))
            picture = open_picture(file, shown(location), choice)
            opened = _with_side_files(picture, location, side_files)
            yield OpenedSource(os.path.basename(shown(location)), _sha256(file), opened)
    else:
        raise InputError(
            f"A {type(source).__name__} cannot be imported: give a path, a URL, the bytes of an image file or an array."
        )


def _with_side_files(picture: Picture, location: str, wanted: bool) -> Picture:
    return replace(picture, sizes=(*picture.sizes, *side_file_sizes(location))) if wanted else picture


def _network_told(picture: Picture, location: str) -> Picture:
    """Errors of a server, while the pixels are read, as sentences."""

    def told(plane: Callable[[], Bands]) -> Bands:
        with explained(f"read {shown(location)}"):
            yield from plane()

    return replace(picture, planes=tuple(partial(told, plane) for plane in picture.planes))


def _array(source: NDArray[Any], name: str, choice: Choice) -> OpenedSource:
    picture = pixels_picture(source, "the array")
    if choice.channels is not None:
        picture = picture.keeping(choice.channel_numbers(picture.channels, (), "the array"))
    for axis in "zt":
        if getattr(choice, axis) is not None:
            choice.plane(axis, 1, "the array")
    digest = hashlib.sha256(f"{source.dtype} {source.shape} ".encode())
    step = max(1, _PIECE // max(1, source[:1].nbytes))
    for row in range(0, len(source), step):
        digest.update(np.ascontiguousarray(source[row : row + step]).data)
    return OpenedSource(name, digest.hexdigest(), picture)


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def _transfer_bar(location: str, progress: bool) -> Iterator[Callable[[int, int], object]]:
    """A bar that appears when a file takes a while to come."""
    name = os.path.basename(shown(location))
    options: dict[str, Any] = {"unit": "B", "unit_scale": True, "delay": 1, "leave": False, "file": sys.stdout}
    with tqdm(desc=f"fetching {name}", disable=not progress, **options) as bar:

        def on_bytes(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        yield on_bytes


def side_file_sizes(location: str) -> tuple[KnownSize, ...]:
    """The pixel sizes in files beside an image: a JSON one (also of a whole BIDS subject), `<stem>.txt`, the folder's.

    Raises InputError or SchemaError when such a file cannot be understood.
    """
    if "?" in location and "://" in location:  # a signed address: no other can be made of it
        return ()
    folder, file = os.path.split(location)
    stem = file
    while os.path.splitext(stem)[1].lower() in _ENDS:
        stem = os.path.splitext(stem)[0]
    found = (_first_json(folder, stem), _in_text(folder, f"{stem}.txt"), _in_text(folder, FOLDER_SIDE_FILE))
    return tuple(size for size in found if size is not None)


def _first_json(folder: str, stem: str) -> KnownSize | None:
    """From `<stem>.json`; in BIDS, sub-1_SEM.json holds for sub-1_sample-2_SEM.png where that has none of its own."""
    *entities, suffix = stem.split("_")
    count = len(entities) if stem.startswith("sub-") else 0
    for name in [stem, *("_".join([*entities[:kept], suffix]) for kept in range(count - 1, 0, -1))]:
        path = os.path.join(folder, f"{name}.json")
        data = read_if_there(path)
        size = None if data is None else json_size(parse_json(data, path), path)
        if size is not None:
            return size
    return None


def _in_text(folder: str, name: str) -> KnownSize | None:
    path = os.path.join(folder, name)
    data = read_if_there(path)
    return None if data is None else text_size(data.decode(errors="replace"), path)
