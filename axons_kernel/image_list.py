"""The images of a project as a list that a notebook shows with their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import AxonsKernelError
from .project_image import ProjectImage
from .thumbnails import SMALL, gallery, thumbnail

_MOST = 200  # images in a table


class ImageList(list[ProjectImage]):
    """A list; what is special is how it looks."""

    def _repr_html_(self) -> str:
        more = f"<p>and {len(self) - _MOST} more</p>" if len(self) > _MOST else ""
        return gallery([_row(image) for image in self[:_MOST]]) + more


def _row(image: ProjectImage) -> tuple[NDArray[np.uint8] | None, dict[str, Any]]:
    """Its picture and what is to be said of it; one that cannot be read says why and does not hide the others."""
    height, width = image.shape
    facts = {
        "image": image.name,
        "pixels": f"{width} × {height}, {image.info.dtype}"
        + (f", {n} channels" if (n := image.info.channels) > 1 else ""),
        "µm per pixel": f"{image.pixel_size_um:g}",
        "µm": f"{width * image.pixel_size_um:.0f} × {height * image.pixel_size_um:.0f}",
    }
    try:
        picture = thumbnail(image.pyramid(), side=2 * SMALL, channel_names=image.info.channel_names)
        return picture, {**facts, "labels": len(image.annotation().labels)}
    except AxonsKernelError as error:
        return None, {**facts, "labels": str(error)}
