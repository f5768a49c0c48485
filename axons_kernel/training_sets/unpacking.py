"""Read a pack back into a project: all of it is verified before anything is stored, and nothing in it is trusted.

Headers are read one by one, in the order that pack.json tells: plain files of the told names and sizes, and nothing
else. So links, devices, paths that lead elsewhere and long headers are refused before they mean anything, and no more
is written than the pack itself holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from ..annotations import Annotation
from ..documents import parse_json
from ..errors import AxonsKernelError, InputError, StorageError
from ..images import ImageInfo
from ..label_classes import add_classes
from ..label_files import read_annotation
from ..storage import Store, fetch_source, open_source, shown
from .packing import MANIFEST, Location, PackedFile, PackManifest
from .stored import freeze
from .training_set import TrainingSet

_BLOCK = 512  # bytes of a tar header; files are filled up to it
_CHUNK = 4 << 20
_MOST_JSON = 1 << 29  # bytes of a file that is held in memory
_MOST_MANIFEST = 1 << 26
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_KEYS = re.compile(rf"images/{_NAME}/image\.(?:tif|json)|annotations/{_NAME}__labels\.json|training_sets/{_NAME}\.json")


class _NotAPack(Exception):
    """Why it is refused."""


@dataclass(frozen=True)
class _Content:
    """What a verified pack holds; `places` are where its files begin, in bytes."""

    manifest: PackManifest
    training_set: TrainingSet
    places: dict[str, int]


def unpack_set(store: Store, location: Location, sha256: str | None = None) -> TrainingSet:
    """Put a packed training set, with its images and labels, into a project.

    Raises InputError, with nothing stored, when it is no pack, was changed, or when the project has other images or
    labels of the same names. What was killed goes on when it is run again.
    """
    where = shown(location)
    with _opened(location) as file:
        try:
            if sha256 is not None and hashlib.file_digest(file, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
                raise _NotAPack("its sha256 is another")
            content = _verified(file)
        except (_NotAPack, AxonsKernelError) as error:
            why = str(error).rstrip(".")
            raise InputError(f"{where} is no pack of a training set, or was changed ({why}): pack it again.") from error
        missing = [packed for packed in content.manifest.files if _is_missing(store, packed, content)]
        add_classes(store, content.manifest.classes)
        for packed in missing:
            if not packed.key.startswith("training_sets/"):
                _store(store, packed, file, content.places[packed.key])
    return freeze(store, content.training_set, numbered=False)


@contextlib.contextmanager
def _opened(location: Location) -> Iterator[IO[bytes]]:
    """The pack as a local file; one that is on S3 is fetched, and goes on where that was cut."""
    text = os.fspath(location)
    if not text.startswith("s3://"):
        with fetch_source(location, lambda done, total: None) as file:
            yield file
        return
    folder, _, name = text.rpartition("/")
    with Store(folder).as_file(name) as path, open_source(path) as file:
        yield file


def _verified(file: IO[bytes]) -> _Content:
    """Every byte is read, and everything that says something of another thing is compared with it."""
    file.seek(0)
    size = _size_of(_header(file), MANIFEST, _MOST_MANIFEST)
    manifest = PackManifest.decode(_exactly(file, size), MANIFEST)
    _skip_padding(file, size)
    places: dict[str, int] = {}
    texts: dict[str, bytes] = {}
    for packed in manifest.files:
        if not _KEYS.fullmatch(packed.key) or packed.key in places:
            raise _NotAPack(f"{packed.key[:80]!r} is no place for a file")
        if _size_of(_header(file), packed.key, packed.bytes) != packed.bytes:
            raise _NotAPack(f"{packed.key} has another size")
        places[packed.key] = file.tell()
        digest = hashlib.sha256()
        for chunk in _chunks(file, packed.bytes):
            digest.update(chunk)
        if digest.hexdigest() != packed.sha256:
            raise _NotAPack(f"{packed.key} has another sha256")
        if packed.key.endswith(".json"):
            file.seek(places[packed.key])
            texts[packed.key] = _exactly(file, min(packed.bytes, _MOST_JSON))
        file.seek(places[packed.key] + packed.bytes)
        _skip_padding(file, packed.bytes)
    if any(file.read()):
        raise _NotAPack("something comes after its last file")
    return _Content(manifest, _checked_set(manifest, texts), places)


def _checked_set(manifest: PackManifest, texts: dict[str, bytes]) -> TrainingSet:
    key = f"training_sets/{manifest.training_set}.json"
    if key not in texts:
        raise _NotAPack(f"it has no {key[:120]}")
    training_set = TrainingSet.decode(texts[key], key)
    if not training_set.hashed() == training_set.content_sha256 == manifest.content_sha256:
        raise _NotAPack("its training set is another")
    wanted = {key}
    for image, labels_sha256 in training_set.annotation_sha256.items():
        names = [f"images/{image}/image.tif", f"images/{image}/image.json", f"annotations/{image}__labels.json"]
        wanted |= set(names)
        if not wanted <= {packed.key for packed in manifest.files}:
            raise _NotAPack(f"files of '{image[:100]}' are missing")
        if ImageInfo.decode(texts[names[1]], names[1]).name != image:
            raise _NotAPack(f"{names[1]} is of another image")
        if _labels(texts[names[2]], names[2]).labels_sha256() != labels_sha256:
            raise _NotAPack(f"{names[2]} has other labels than the set was made from")
    if training_set.name != manifest.training_set or wanted != {packed.key for packed in manifest.files}:
        raise _NotAPack("it holds more than its training set needs")
    return training_set


def _labels(data: bytes, key: str) -> Annotation:
    return Annotation.from_json(parse_json(data, key))


def _is_missing(store: Store, packed: PackedFile, content: _Content) -> bool:
    """Whether the project lacks the file. Raises InputError when it has another in its place."""
    if not store.exists(packed.key):
        return True
    kind, name = packed.key.split("/")[:2]
    same = store.sha256(packed.key) == packed.sha256
    if not same and kind == "annotations":  # ticked tasks, and other things that teach nothing, may differ
        name = name.removesuffix("__labels.json")
        there = read_annotation(store, packed.key, name)
        same = there.labels_sha256() == content.training_set.annotation_sha256[name]
    if not same and kind != "training_sets":
        raise InputError(
            f"The project has another '{name}' ({packed.key}), so nothing was unpacked: unpack into a new project."
        )
    return False


def _store(store: Store, packed: PackedFile, file: IO[bytes], place: int) -> None:
    def pieces() -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in _chunks(file, packed.bytes):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != packed.sha256:
            raise StorageError(f"The pack was changed while it was read, at {packed.key}: unpack it again.")

    file.seek(place)
    store.write_pieces(packed.key, pieces())


def _header(file: IO[bytes]) -> tarfile.TarInfo:
    """The next header: of a plain file, or it is refused."""
    try:
        header = tarfile.TarInfo.frombuf(_exactly(file, _BLOCK), "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise _NotAPack(f"a header cannot be read: {error}") from error
    if header.type != tarfile.REGTYPE or header.linkname:
        raise _NotAPack(f"{header.name[:80]!r} is no plain file")
    return header


def _size_of(header: tarfile.TarInfo, name: str, most: int) -> int:
    if header.name != name:
        raise _NotAPack(f"{header.name[:80]!r} stands where {name} should be")
    if not 0 <= header.size <= most:
        raise _NotAPack(f"{name} has another size")
    return header.size


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise _NotAPack("it is cut off")
    return data


def _chunks(file: IO[bytes], count: int) -> Iterator[bytes]:
    for start in range(0, count, _CHUNK):
        yield _exactly(file, min(_CHUNK, count - start))


def _skip_padding(file: IO[bytes], size: int) -> None:
    _exactly(file, -size % _BLOCK)
