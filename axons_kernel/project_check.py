"""Verify a project: every document can be read, every checksum fits, and what one document names is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from .annotations import Annotation
from .documents import Document, parse_json
from .errors import AxonsKernelError
from .images import ImageInfo
from .label_classes import ProjectInfo
from .pyramid import Pyramid
from .storage import Store
from .tiling import Tile, Tiling
from .training_sets.groups import GroupTable
from .training_sets.training_set import TrainingSet

_ROWS = 2048  # of an image without a checksum that are decoded at a time
_D = TypeVar("_D", bound=Document)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, and what to do."""

    key: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what}. {self.todo}."


class _Run(Document):  # what is checked of a run; reading all of it would need PyTorch, as below
    kind: ClassVar[str] = "run"
    training_set: str
    training_set_sha256: str


class _RunStatus(Document):
    kind: ClassVar[str] = "run_status"
    state: str


class _Model(Document):
    kind: ClassVar[str] = "model"
    weights_sha256: str
    training_set: str
    training_set_sha256: str


class _Prediction(Document):
    kind: ClassVar[str] = "prediction"
    image: str
    model: str


class _Report(Document):
    kind: ClassVar[str] = "report"
    image: str
    model: str


class Checker:
    """Goes through a project and collects problems; `on_object` is told of each object that is done."""

    def __init__(self, store: Store, on_object: Callable[[], object] = bool):
        self.store, self._on_object = store, on_object
        self.keys = {key: stat for key, stat in store.walk()}
        self.problems: list[Problem] = []
        self.images: dict[str, ImageInfo] = {}
        self.sets: dict[str, TrainingSet] = {}

    def run(self) -> list[Problem]:
        """All problems, in the order of their keys."""
        project = self._document(ProjectInfo, "project.json", "Take it from a copy of the project")
        self._classes = {c.name for c in project.classes} if project else None
        steps: list[tuple[str, str, Callable[[str], None]]] = [
            ("images/", "/image.json", self._image),
            ("annotations/", "__labels.json", self._labels),
            ("groups", ".json", self._groups),
            ("tilings/", ".json", self._tiling),
            ("training_sets/", ".json", self._training_set),
            ("runs/", "/config.json", self._run),
            ("models/", "/model.json", self._model),
            ("predictions/", "/summary.json", self._prediction),
            ("predictions/", "/report.json", self._report),
            ("reports/", "/report.json", self._report),
        ]
        for start, end, check in steps:
            for key in sorted(key for key in self.keys if key.startswith(start) and key.endswith(end)):
                check(key)
                self._on_object()
        return sorted(self.problems, key=lambda problem: problem.key)

    def _wrong(self, key: str, what: str, todo: str) -> None:
        self.problems.append(Problem(key, what.rstrip("."), todo.rstrip(".")))

    def _document(self, kind: type[_D], key: str, todo: str) -> _D | None:
        try:
            return kind.decode(self.store.read(key), key)
        except AxonsKernelError as error:
            self._wrong(key, str(error).removeprefix(key).lstrip(" :"), todo)
            return None

    def _image(self, key: str) -> None:
        info = self._document(ImageInfo, key, "Import the image again")
        if info is None:
            return
        name, pixels = key.split("/")[1], key.replace("image.json", "image.tif")
        self.images[name] = info
        again = f"Import {info.source_name} again, after deleting images/{name}"
        if info.name != name:
            self._wrong(key, f"it says that its name is '{info.name}'", "Give the folder that name again")
        if pixels not in self.keys:
            self._wrong(pixels, "it is missing", again)
            return
        try:
            self._pixels(pixels, info)
        except AxonsKernelError as error:
            self._wrong(pixels, f"it cannot be read: {error}", again)
        except _Damaged as error:
            self._wrong(pixels, str(error), again)

    def _pixels(self, key: str, info: ImageInfo) -> None:
        if info.file_bytes is not None and info.file_bytes != self.keys[key].bytes:
            raise _Damaged(f"it has {self.keys[key].bytes} bytes, and was written with {info.file_bytes}")
        if info.file_sha256 is not None and info.file_sha256 != self.store.content_sha256(key):
            raise _Damaged("its content is not what was written (another sha256)")
        pyramid = Pyramid(self.store.open(key), key)
        if pyramid.shape != info.shape:
            raise _Damaged(f"it is {_size(pyramid.shape)}, and image.json says {_size(info.shape)}")
        if info.file_sha256 is None:  # imported by an earlier version: decoding is the only proof
            for row in range(0, info.height, _ROWS):
                pyramid.read(Tile(0, row, info.width, min(_ROWS, info.height - row)))

    def _labels(self, key: str) -> None:
        name = key.removeprefix("annotations/").removesuffix("__labels.json")
        try:
            annotation = Annotation.from_json(parse_json(self.store.read(key), key))
        except AxonsKernelError as error:
            self._wrong(key, f"its labels cannot be read: {error}", "Take the file from a copy of the project")
            return
        self._needs_image(key, name)
        unknown = sorted({c for c in annotation.counts() if c} - (self._classes or set()))
        if unknown and self._classes is not None:
            self._wrong(
                key,
                f"its labels have classes that the project does not know: {', '.join(unknown)}",
                f"Add them: project.add_classes({unknown})",
            )

    def _groups(self, key: str) -> None:
        self._document(GroupTable, key, "Give the images their groups again: project.set_groups()")

    def _needs_image(self, key: str, name: str) -> bool:
        if name not in self.images and f"images/{name}/image.json" not in self.keys:
            self._wrong(key, f"there is no image '{name}'", f"Import it again with name='{name}', or delete this file")
        return name in self.images

    def _tiling(self, key: str) -> None:
        tiling = self._document(Tiling, key, "Tile the image again: project.tile(image)")
        if tiling is None or not self._needs_image(key, tiling.image):
            return
        outside = _outside(tiling.tiles, self.images[tiling.image].shape, tiling.edge == "reflect")
        if outside:
            self._wrong(key, f"{outside} tiles lie outside of the image", "Tile it again: project.tile(image)")

    def _training_set(self, key: str) -> None:
        found = self._document(TrainingSet, key, "Make the training set again")
        if found is None:
            return
        self.sets[key.removeprefix("training_sets/").removesuffix(".json")] = found
        if found.hashed() != found.content_sha256:
            self._wrong(key, "it was changed after it was made (another content_sha256)", "Make it again")
        for name in sorted(found.annotation_sha256):
            self._needs_image(key, name)

    def _needs_set(self, key: str, name: str, sha256: str) -> None:
        if name not in self.sets:
            self._wrong(key, f"there is no training set '{name}'", "Take it from a copy of the project, or train again")
        elif self.sets[name].content_sha256 != sha256:
            self._wrong(key, f"training set '{name}' is not the one that it was made from", "Train again")

    def _run(self, key: str) -> None:
        folder, todo = key.removesuffix("config.json"), "Start the training again"
        run = self._document(_Run, key, todo)
        if run:
            self._needs_set(key, run.training_set, run.training_set_sha256)
        if folder + "status.json" in self.keys:
            self._document(_RunStatus, folder + "status.json", todo)
        metrics = folder + "metrics.jsonl"
        if metrics in self.keys:
            for number, line in enumerate(self.store.read(metrics).split(b"\n")[:-1], start=1):
                try:
                    json.loads(line)
                except ValueError:
                    self._wrong(metrics, f"line {number} cannot be read", todo)

    def _model(self, key: str) -> None:
        model = self._document(_Model, key, "Train it again")
        weights = key.replace("model.json", "model.safetensors")
        if model is None:
            return
        if model.training_set:  # else it has learned elsewhere
            self._needs_set(key, model.training_set, model.training_set_sha256)
        if weights not in self.keys:
            self._wrong(weights, "it is missing", "Train the model again")
        else:
            self._content(weights, model.weights_sha256, "Train the model again")

    def _content(self, key: str, sha256: str, todo: str) -> None:
        try:
            if self.store.content_sha256(key) != sha256:
                self._wrong(key, "its content is not what was written (another sha256)", todo)
        except AxonsKernelError as error:
            self._wrong(key, f"it cannot be read: {error}", todo)

    def _prediction(self, key: str) -> None:
        found = self._document(_Prediction, key, "Predict the image again")
        mask = key.replace("summary.json", "mask.tif")
        if found is None or not self._needs_image(key, found.image):
            return
        if mask not in self.keys:
            self._wrong(mask, "it is missing", "Predict the image again")
            return
        try:
            shape = Pyramid(self.store.open(mask), mask).shape
        except AxonsKernelError as error:
            self._wrong(mask, f"it cannot be read: {error}", "Predict the image again")
            return
        if shape != self.images[found.image].shape:
            self._wrong(mask, f"it is {_size(shape)}, unlike its image", "Predict the image again")

    def _report(self, key: str) -> None:
        self._document(_Report, key, "Evaluate the prediction again")


class _Damaged(Exception):
    """The pixels are not those that were written."""


def _outside(tiles: Iterable[Tile], shape: tuple[int, int], may_reach_over: bool) -> int:
    height, width = shape

    def inside(tile: Tile) -> bool:
        right, bottom = (tile.x, tile.y) if may_reach_over else (tile.x + tile.width, tile.y + tile.height)
        return tile.x >= 0 and tile.y >= 0 and right <= width and bottom <= height

    return sum(not inside(tile) for tile in tiles)


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"


def check_project(store: Store, on_object: Callable[[], object] = bool) -> list[Problem]:
    """Every problem of a project, in the order of their places; empty when it is sound."""
    return Checker(store, on_object).run()
