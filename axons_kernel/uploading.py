"""`project.upload()`: files from the person's own machine become images of the project."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from . import plotting
from .errors import AxonsKernelError, MissingExtraError, needs_extra
from .importing import ImportOptions, store_image
from .looking import has_extension
from .project_image import ProjectImage
from .receiving import IncomingFile, free_bytes, incoming_folder
from .storage import Store, name_from_file
from .thumbnails import SMALL, thumbnail

if TYPE_CHECKING:
    from .widget.upload import Imported, UploadWidget


def upload(store: Store) -> UploadWidget:
    """A field to drop image files into; see `Project.upload`."""
    with needs_extra("widget", "Uploading images"):
        from .widget.upload import Place, UploadWidget
    if not has_extension():
        raise MissingExtraError(
            "Uploading images needs the JupyterLab extension of Axons: pip install axons where JupyterLab runs, then "
            "reload the page. Until then, drag files into JupyterLab's file list and call project.import_image(path)."
        )
    folder = incoming_folder(store)
    return UploadWidget(Place(partial(IncomingFile, folder), partial(free_bytes, store), partial(bring_in, store)))


def bring_in(store: Store, file: IncomingFile, filename: str, name: str, pixel_size_um: float | None) -> Imported:
    """Import a file that has come; its name is never used as a path. Raises as `Project.import_image` does."""
    from .widget.upload import Imported

    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    safe = name_from_file(filename) + (suffix if suffix[1:].isalnum() and len(suffix) < 6 else "")
    with file.named(safe) as path, _in_words_of_the_widget(str(path), filename):
        info = store_image(store, path, name or None, ImportOptions(pixel_size_um, progress=False))
    image = ProjectImage(store, info, {})
    picture = thumbnail(image.pyramid(), side=2 * SMALL, channel_names=info.channel_names)
    return Imported(info.name, repr(image), plotting.png(picture))


@contextlib.contextmanager
def _in_words_of_the_widget(path: str, filename: str) -> Iterator[None]:
    """Errors call the file as its person does, and point to the widget's fields where they would name a parameter."""
    try:
        yield
    except AxonsKernelError as error:
        text = str(error).replace(path, filename).replace(", as in import_image(..., pixel_size_um=0.1)", " here")
        raise type(error)(text.replace("a name=... of its own", "a name of its own")) from error
