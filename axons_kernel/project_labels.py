"""The part of a Project that exchanges labels and label classes with other programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .annotations import LabelClass
from .errors import InputError
from .formats import class_schema
from .formats.class_schema import ClassSchema
from .label_classes import read_info, set_schema
from .storage import Store, read_source

if TYPE_CHECKING:
    from .label_export import ExportReport
    from .label_import import ImportReport
    from .project_image import ProjectImage


class LabelExchange:
    """Methods of a Project, which has the `store` and knows its images."""

    store: Store

    def images(self) -> list[ProjectImage]:
        """All images, by name."""
        raise NotImplementedError

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        raise NotImplementedError

    def import_annotations(
        self,
        source: str | os.PathLike[str],
        *,
        format: str | None = None,
        image: ProjectImage | str | None = None,
        classes: Sequence[str] | None = None,
        replace: bool = False,
    ) -> ImportReport:
        """Add the labels of a file or folder to the images that they belong to; the report says what was repaired.

        `source` is a file (or folder of files) of django-labeller, COCO, YOLO, GeoJSON (QuPath), labelme, ImageJ, a
        class mask, an instance mask, or a folder with a mask per image and class; which of them, it says itself, or
        `format`. Files find their image by its name, or belong to `image`. `classes` names the classes of a source that
        does not, such as masks. Labels that the project has (by their id) stay as they are; with `replace`, those of
        the images go first. Raises SchemaError or InputError, with nothing changed, when the source cannot be read.
        """
        from .label_import import import_labels

        images = self.images() if image is None else [self.image(image if isinstance(image, str) else image.name)]
        if isinstance(classes, str):
            raise InputError(f"classes={classes!r} is one name: give a list, as in classes=['axon'].")
        how = {"only": image is not None, "replace_labels": replace}
        return import_labels(self.store, images, source, format_name=format, classes=classes, **how)

    def export_annotations(
        self,
        format: str,
        to: str | os.PathLike[str] | None = None,
        *,
        images: Sequence[ProjectImage | str] | None = None,
        overwrite: bool = False,
    ) -> ExportReport:
        """Write labels for another program; the report lists the files, and what the format could not hold.

        `format` is "django-labeller", "coco", "yolo", "geojson" (QuPath), "labelme", "mask" (PNG), "instances" (TIFF)
        or "imagej". `to` is a folder or URL, by default `exports/<format>` in the project; files that are there already
        are replaced only in the default folder, or with `overwrite`. `images` are by default those that have labels.
        """
        from .label_export import export_labels, has_labels

        if images is None:
            chosen = [image for image in self.images() if has_labels(image)]
        else:
            chosen = [self.image(image if isinstance(image, str) else image.name) for image in images]
        return export_labels(self.store, chosen, read_info(self.store).classes, format, to, overwrite)

    def import_classes(self, source: str | os.PathLike[str]) -> tuple[LabelClass, ...]:
        """Take over the label classes of a django-labeller `schema.json`, with groups and colour schemes.

        Classes of the project that it names get its colours; others stay. Returns all of them. Raises SchemaError when
        it is no such file.
        """
        schema = class_schema.read(os.fspath(source), read_source(source))
        return set_schema(self.store, schema)

    def export_classes(self) -> str:
        """Write the label classes as a django-labeller `schema.json` into `exports/`. Returns its path."""
        info, key = read_info(self.store), "exports/schema.json"
        self.store.write(key, class_schema.write(ClassSchema(info.classes, info.colour_schemes), info.name))
        return self.store.path(key)
