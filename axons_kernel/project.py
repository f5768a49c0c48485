"""The Project: what a student sees of a folder (or URL) with images, annotations, training sets, runs and models."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

from .annotations import LabelClass
from .errors import InputError, NotFoundError, needs_extra
from .image_list import ImageList
from .images import ImageInfo
from .import_source import Source
from .importing import HowToImport, ImportOptions, store_image, store_images
from .label_classes import ProjectInfo, add_classes, read_info
from .mask_pictures import MASK_SOURCE, mask_labels, read_mask_picture
from .masks import MaskReading
from .picture import Choice
from .project_analysis import ProjectAnalysis
from .project_care import ProjectCare
from .project_image import ProjectImage
from .project_labels import LabelExchange
from .project_models import ProjectModels
from .project_sets import ProjectSets
from .project_tiles import ProjectTiles
from .project_training import ProjectTraining, ready_config
from .storage import Store, check_name

if TYPE_CHECKING:
    from .looking import StaticView
    from .quality import Comparison, Labels
    from .runs.comparing import RunComparison
    from .runs.run import Run
    from .runs.run_list import RunList
    from .training.config import TrainingConfig
    from .training_sets.training_set import TrainingSet
    from .widget.annotator import AnnotatorWidget
    from .widget.canvas import AnnotationWidget
    from .widget.upload import UploadWidget
    from .widget.viewer import ViewerWidget


def open_project(url: str | os.PathLike[str], *, create: bool = True) -> Project:
    """Open the project in a folder or at a URL (`file://`, `s3://`, `memory://`), making it when it is new.

    Raises InputError when the folder holds other files, NotFoundError when `create` is False and it is not there.
    """
    store = Store(url)
    if not store.exists("project.json"):
        if not create:
            raise NotFoundError(f"There is no project at {store.url}: it has no project.json.")
        if store.names("") and not store.exists("project.json"):  # another notebook may make it at this moment
            raise InputError(f"{store.url} holds other files and is no project: choose a new or an empty folder.")
        name = os.path.basename(store.url.rstrip("/")) or "project"
        store.create("project.json", ProjectInfo(name=name).encode())
    return Project(store)


class Project(LabelExchange, ProjectTiles, ProjectSets, ProjectTraining, ProjectModels, ProjectAnalysis, ProjectCare):
    """A handle on a project; it holds no state of its own, so several notebooks may use one project."""

    def __init__(self, store: Store):
        self.store = store

    @property
    def info(self) -> ProjectInfo:
        """Name and label classes."""
        return read_info(self.store)

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """The label classes, in order."""
        return self.info.classes

    def add_classes(self, names: Sequence[str | LabelClass]) -> tuple[LabelClass, ...]:
        """Add label classes by name, each with a colour of its own; those that are there stay as they are."""
        return add_classes(self.store, names)

    # -- images -------------------------------------------------------------------------------------------------

    def import_image(
        self,
        source: Source,
        *,
        name: str | None = None,
        pixel_size_um: float | None = None,
        source_pixel_size_um: float | None = None,
        channels: Sequence[int | str] | int | str | None = None,
        z: int | str | None = None,
        t: int | str | None = None,
    ) -> ProjectImage:
        """Copy an image into the project as a tiled, pyramidal OME-TIFF; the original is only read.

        `source` is a path, a URL, the bytes of a file or an array (H, W) or (H, W, C). `pixel_size_um` is what the
        stored image gets: a source that says another (in the file or in one beside it) is resampled. Where sources
        disagree, `source_pixel_size_um` settles it. Of several channels all are taken, or `channels` (numbers from 0
        or names); of planes in depth or time one, `z` and `t` (a number, "first", "middle" or "last"). The same
        content twice gives the image that is there. Raises ImageReadError or InputError.
        """
        options = ImportOptions(pixel_size_um, source_pixel_size_um, Choice(channels, z, t))
        return self.image(store_image(self.store, source, name, options).name)

    def import_images(self, sources: Sequence[Source], **how: Unpack[HowToImport]) -> list[ProjectImage]:
        """Import several images; all are tried, and an InputError at the end names those that failed."""
        options = ImportOptions.of(**how)
        return [self.image(info.name) for info in store_images(self.store, sources, options)]

    def import_mask(self, image: ProjectImage | str, source: Source, classes: Sequence[str]) -> MaskReading:
        """Turn a mask picture into labels: its grey levels, ascending after 0, are `classes`.

        Grey levels on fewer than 0.1 % of the pixels are put to the nearest level; the result tells of them. Labels
        that came from a mask before are replaced; those that a person drew stay. Raises InputError, with nothing
        changed, when the size or the number of grey levels does not fit.
        """
        image = self._handle(image)
        reading = read_mask_picture(source, image.shape, image.name, classes, source_shape=image.info.source_shape)
        self.add_classes(classes)
        editing = image.edit_annotation()
        earlier = [label.object_id for label in editing.annotation.labels if label.source == MASK_SOURCE]
        editing.save(editing.annotation.without(earlier).adding(*mask_labels(reading, classes)))
        return reading

    def images(self) -> ImageList:
        """All images, by name; a notebook shows them with their pictures."""
        names = self.store.names("images")
        return ImageList(self.image(name) for name in names if self.store.exists(f"images/{name}/image.json"))

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        key = f"images/{check_name(name, 'an image')}/image.json"
        if not self.store.exists(key):
            have = ", ".join(self.store.names("images")) or "none yet"
            raise NotFoundError(f"There is no image '{name}' in this project; it has: {have}.")
        colours = {c.name: c.colour for c in self.classes}
        return ProjectImage(self.store, ImageInfo.decode(self.store.read(key), key), colours)

    def _handle(self, image: ProjectImage | str) -> ProjectImage:
        return self.image(image if isinstance(image, str) else image.name)

    def upload(self) -> UploadWidget:
        """A field to drop image files of your own machine into. Raises MissingExtraError where it is not installed."""
        from .uploading import upload

        return upload(self.store)

    def show(self, image: ProjectImage | str) -> ViewerWidget | StaticView:
        """A view to zoom into, with labels and predictions; a picture and how to install it where it is not there."""
        from .looking import show

        return show(self._handle(image))

    # -- tiles and labels ---------------------------------------------------------------------------------------

    def annotate(self, image: ProjectImage | str, **options: Any) -> AnnotatorWidget | AnnotationWidget:
        """The annotation widget of an image; every change is stored by itself, soon after it was made.

        Options: `tasks` that can be ticked, name -> text; `controls`, attributes of labels in django-labeller's form;
        `schemes`, colour schemes, name -> text. Raises MissingExtraError where ipycanvas is not installed.
        """
        from .annotators import annotate_image

        return annotate_image(self, self._handle(image), **options)

    def compare(
        self, image: ProjectImage | str, reference: Project | ProjectImage | Labels, **options: Any
    ) -> Comparison:
        """What an image's labels are worth beside a project that has it too, an image, an annotation or a mask."""
        from .comparing import compare_image

        image = self._handle(image)
        return compare_image(
            image, reference.image(image.name) if isinstance(reference, Project) else reference, **options
        )

    # -- runs, models, predictions ------------------------------------------------------------------------------

    def train(
        self,
        training_set: TrainingSet | str,
        config: TrainingConfig | str | None = None,
        *,
        on: Literal["here", "inline"] = "here",
        name: str | None = None,
    ) -> Run:
        """Start a training and return its run: `here` in the background, `inline` in this process, to its end.

        `config` may be the name of a preset that fits this machine: "quick", "good" or "best".
        """
        with needs_extra("train", "Training"):
            from .runs.reading import check_ready
            from .runs.run import RunInfo, now
            from .runs.starting import start_run

        frozen = self.training_set(training_set if isinstance(training_set, str) else training_set.name)
        check_ready(frozen, self.image)
        info = RunInfo(
            name=check_name(name or "run-1", "a run"),
            training_set=frozen.name,
            training_set_sha256=frozen.content_sha256,
            classes=frozen.classes,
            config=ready_config(config, frozen, self.image),
            started=now(),
        )
        return start_run(self.store, info, on, numbered=name is None)

    def run(self, name: str) -> Run:
        """The run of that name. Raises NotFoundError."""
        with needs_extra("train", "Reading a run"):
            from .runs.run import read_run

        return read_run(self.store, check_name(name, "a run"))

    def runs(self) -> RunList:
        """All runs, by name; a notebook shows them with their curves."""
        from .runs.run_list import RunList

        names = self.store.names("runs")
        return RunList(self.run(name) for name in names if self.store.exists(f"runs/{name}/config.json"))

    def compare_runs(self, *runs: Run | str) -> RunComparison:
        """Runs side by side: what was set differently, their scores, curves and examples. Raises InputError."""
        from .runs.comparing import compare_runs

        return compare_runs([self.run(run if isinstance(run, str) else run.name) for run in runs])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>{self.images()._repr_html_()}"

    def __repr__(self) -> str:
        classes = ", ".join(c.name for c in self.classes) or "none yet"
        return f"project '{self.info.name}' at {self.store.url}: {len(self.images())} images, classes: {classes}"
