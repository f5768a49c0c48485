"""ImageJ regions of interest: `<image>_rois.zip` with one `.roi` per label, as the ROI Manager saves and opens it.

Holds: polygons, with holes and islands as composite ROIs, boxes, ellipses at any angle, points; class as ROI name,
group number and stroke colour; class, id, source and attributes in a property that ImageJ keeps.
Does not hold: groups, finished tasks, keys of other programs; co-ordinates are rounded to 32-bit numbers. Lines, angles
and texts are left out at import. A ROI of another program says no class: its labels take the only class given, or none.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from roifile import ImagejRoi

from ..annotations import Annotation, Label, LabelClass
from ..errors import SchemaError
from ..notes import Note
from .losses import Holds, losses
from .regions import flat
from .roi_shapes import label_shapes, roi_of
from .values import FileIds, Hints, ImageLabels, Reading, Writing, class_of, class_text, dropping, kept_of, restored

SUFFIX = "_rois.zip"
ZIP_MAGIC, ROI_MAGIC = (b"PK\x03\x04", b"PK\x05\x06"), b"Iout"  # the second is a zip with nothing in it
_PROPERTY = "axons"
_MOST_BYTES = 1 << 29  # unpacked; a few bytes of zip can claim any size
_MOST_ROIS = 500_000
HOLDS = Holds(as_they_are=frozenset({"polygon", "box", "point", "oriented_ellipse"}))


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One zip per image."""
    colours = {c.name: c.colour for c in classes}
    numbers = {name: i for i, name in enumerate(colours, start=1)}
    files = {}
    for image in images:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            written = [label for label in flat(image.annotation.labels) if HOLDS.writes(label)]
            for number, label in enumerate(written, start=1):
                roi = roi_of(label)
                if roi is None:
                    continue
                name = label.label_class or ""
                roi.name = f"{number:05} {_plain(class_text(label.label_class))}"
                roi.group = numbers.get(name, 0) if numbers.get(name, 0) < 256 else 0
                if name in colours:
                    roi.stroke_color = bytes((255, *colours[name]))
                roi.properties = {_PROPERTY: json.dumps({"class": label.label_class, **kept_of(label)})}
                archive.writestr(f"{roi.name}.roi", roi.tobytes())
        files[image.image + SUFFIX] = buffer.getvalue()
    return Writing(files, losses(images, HOLDS))


def _plain(text: str) -> str:
    """Text that may be a file name, and that `roifile` counts as ImageJ does."""
    return re.sub(r"[^\w .+-]|[^\x00-\uffff]", "_", text)[:60]


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read a zip of ROIs, or a single one. Raises SchemaError when it is neither."""
    notes: list[Note] = []
    labels: list[Label] = []
    ids = FileIds(data)
    only = hints.classes[0] if len(hints.classes) == 1 else None
    for where, content in _members(name, data):
        with dropping(notes, where):
            labels += _labels(content, only, ids)
    return Reading((ImageLabels("", Annotation(tuple(labels))),), notes=tuple(notes))


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith(ROI_MAGIC):
        yield name, data
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        found = [info for info in archive.infolist() if info.filename.lower().endswith(".roi")]
        others = len(archive.infolist()) - len(found)
        size = sum(info.file_size for info in found)
        if len(found) > _MOST_ROIS or size > _MOST_BYTES:
            raise SchemaError(
                f"{name} would unpack to {size >> 20} MiB in {len(found)} ROIs; at most {_MOST_BYTES >> 20} MiB in "
                f"{_MOST_ROIS} are read: split it."
            )
        contents = [(f"ROI {info.filename!r:.60}", archive.read(info)) for info in found]
    except SchemaError:
        raise
    except Exception as error:  # zipfile raises whatever it likes on broken bytes
        raise SchemaError(f"{name} is no zip of ROIs that can be read ({str(error)[:100]}): save it again.") from error
    if others and not contents:
        raise SchemaError(f"{name} holds no ROI: save it with the ROI Manager of ImageJ, which makes .roi or .zip.")
    yield from contents


def _labels(content: bytes, only: str | None, ids: FileIds) -> list[Label]:
    try:
        roi = ImagejRoi.frombytes(content)
    except Exception as error:  # roifile raises whatever it likes on broken bytes
        raise ValueError(f"it is no ROI that can be read ({str(error)[:60]})") from error
    kept = _kept(roi)
    label_class = class_of(kept.get("class")) if kept else only
    common: dict[str, Any] = {"label_class": label_class, **restored(kept, ids, "imagej")}
    return label_shapes(roi, common)


def _kept(roi: ImagejRoi) -> Mapping[str, Any] | None:
    for line in roi.props.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == _PROPERTY:
            try:
                kept = json.loads(value)
            except (ValueError, RecursionError):
                return None  # changed by another program: the shape still counts
            return kept if isinstance(kept, dict) else None
    return None
