"""A training set as one file that can be sent: all that a training reads, so that it gives the same bits elsewhere.

A pack is a plain tar: pack.json first, with size and sha256 of every file, then whole images (a model sees each image
scaled by its own mean and deviation), labels and, last, the set. The same set gives the same bytes at any time and on
any machine, so that an upload that was cut goes on. Rejected: tiles alone, which would be normalised differently.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tarfile import USTAR_FORMAT, TarFile, TarInfo
from typing import IO, ClassVar

from pydantic import BaseModel, ConfigDict
from tqdm import tqdm

from ..annotations import Annotation, LabelClass
from ..documents import Document
from ..errors import InputError
from ..project_image import ProjectImage
from ..storage import Store, file_sha256, human_bytes
from .combining import check_unchanged
from .training_set import TrainingSet

MANIFEST = "pack.json"
FOLDER = "exports/packs"
LARGEST_FILE = 8**11 - 1  # bytes; what a plain tar header can say
Location = str | os.PathLike[str]


class PackedFile(BaseModel):
    """One file of a pack, by its place in a project."""

    model_config = ConfigDict(frozen=True)
    key: str
    bytes: int
    sha256: str


class PackManifest(Document):
    """pack.json: what is packed, in this order, and how to know that nothing was changed."""

    kind: ClassVar[str] = "pack"
    training_set: str
    content_sha256: str
    classes: tuple[LabelClass, ...]
    files: tuple[PackedFile, ...]


@dataclass(frozen=True)
class Pack:
    """Where a pack is (path or URL), and what it is."""

    url: str
    sha256: str
    bytes: int

    def __repr__(self) -> str:
        return f"{self.url} ({human_bytes(self.bytes)}, sha256 {self.sha256[:12]}...)"


@dataclass(frozen=True)
class _Part:
    """A file to pack; `content` opens it."""

    file: PackedFile
    content: Callable[[], IO[bytes]]


def pack_set(
    store: Store,
    training_set: TrainingSet,
    images: Sequence[ProjectImage],
    classes: Sequence[LabelClass],
    to: Location | None,
    *,
    progress: bool = True,
) -> Pack:
    """Write a pack into a folder or to a URL, by default into the project. An upload to S3 that was cut goes on.

    Raises InputError when labels have changed since the set was made.
    """
    parts = list(_parts(store, training_set, images))
    used = [c for c in classes if c.name in training_set.classes]
    manifest = PackManifest(
        training_set=training_set.name,
        content_sha256=training_set.content_sha256,
        classes=tuple(used),
        files=tuple(part.file for part in parts),
    )
    target, prefix = (store, f"{FOLDER}/") if to is None else (Store(to), "")
    key = f"{prefix}{training_set.name}-{training_set.short_hash}.tar"
    with _quiet_or_bar(f"packing {training_set.name}", sum(part.file.bytes for part in parts), progress) as advance:
        if target.is_local or not target.is_shared:
            with target.writing(key) as path:
                _write_tar(path, manifest, parts, advance)
                sha256, size = file_sha256(path), path.stat().st_size
            return Pack(target.path(key), sha256, size)
        with tempfile.TemporaryDirectory(prefix="axons-pack-") as folder:
            path = Path(folder) / "pack.tar"
            _write_tar(path, manifest, parts, advance)
            return _sent(path, target, key, progress)


def _sent(path: Path, target: Store, key: str, progress: bool) -> Pack:
    sha256, size = file_sha256(path), path.stat().st_size
    if not target.exists(key) or target.sha256(key) != sha256:
        with _quiet_or_bar("sending", size, progress) as advance:
            target.put(key, path, advance)
    return Pack(target.path(key), sha256, size)


@contextlib.contextmanager
def _quiet_or_bar(what: str, total: int, progress: bool) -> Iterator[Callable[[int], object]]:
    options = {"unit": "B", "unit_scale": True, "disable": not progress, "delay": 1, "file": sys.stdout}
    with tqdm(desc=what, total=total, **options) as bar:
        yield bar.update


def _parts(store: Store, training_set: TrainingSet, images: Sequence[ProjectImage]) -> Iterator[_Part]:
    """The files in the order that unpacking stores them: what names others comes after them."""
    for image in images:
        annotation = image.annotation()
        check_unchanged(training_set, image.name, annotation)
        key = f"images/{image.name}/image.tif"
        size = store.stat(key).bytes
        if size > LARGEST_FILE:
            raise InputError(
                f"'{image.name}' has {human_bytes(size)}, and a pack holds files up to 8 GB: cut it first."
            )
        with store.open(key) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        yield _Part(PackedFile(key=key, bytes=size, sha256=sha256), partial(store.open, key))
        yield _in_memory(f"images/{image.name}/image.json", store.read(f"images/{image.name}/image.json"))
        # without what changes and teaches nothing, so that the bytes are the same
        labels = Annotation(annotation.labels, annotation.image_filename)
        yield _in_memory(image.annotation_key, labels.encode())
    yield _in_memory(f"training_sets/{training_set.name}.json", training_set.encode())


def _in_memory(key: str, data: bytes) -> _Part:
    packed = PackedFile(key=key, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    return _Part(packed, lambda: io.BytesIO(data))


def _write_tar(path: Path, manifest: PackManifest, parts: Sequence[_Part], advance: Callable[[int], object]) -> None:
    data = manifest.encode()
    with TarFile(str(path), "w", format=USTAR_FORMAT) as tar:
        tar.addfile(_header(MANIFEST, len(data)), io.BytesIO(data))
        for part in parts:
            with part.content() as file:
                tar.addfile(_header(part.file.key, part.file.bytes), file)
            advance(part.file.bytes)


def _header(name: str, size: int) -> TarInfo:
    """No time, owner or machine: only what is the same everywhere."""
    header = TarInfo(name)
    header.size, header.mode = size, 0o644
    return header
