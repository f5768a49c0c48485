"""Measure what the labels of an image show, or a prediction of it: axons with their sheaths, or one class."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import InputError
from ..predictions import Prediction
from ..project_image import ProjectImage
from .measurements import Measured, Measurements, with_units
from .measuring import CORE, What, measure_windows
from .scored import LabelWindows, ReadClasses

AXON_NAMES = ("axon", "axons", "axoplasm")
SHEATH_NAMES = ("myelin", "sheath", "myelin sheath", "myelin_sheath")
Pair = tuple[str, str]
_SHOWN_SIDE = 1200  # pixels; of the picture
_SILENT_S = 3.0  # seconds before a bar is shown


def measure(
    source: ProjectImage | Prediction, *, pair: Pair | None = None, label_class: str | None = None
) -> Measurements:
    """Measure an image's labels, or a prediction.

    `pair` names the classes of axon and sheath; by default they are found by their usual names. `label_class`
    measures the objects of that class alone, whatever it is. Raises InputError where it is not clear what to measure.
    """
    if isinstance(source, Prediction):
        image, classes, by = source.image, source.info.classes, f"prediction of {source.info.model}"
        read: ReadClasses = source.window
    else:
        image, by, annotation = source, "labels", source.annotation()
        classes = tuple(name for name in dict.fromkeys([*image.colours, *annotation.counts()]) if name)
        if not annotation.labels:
            raise InputError(
                f"'{image.name}' has no labels to measure: annotate it (project.annotate(image)), or measure a "
                "prediction (project.measure(prediction))."
            )
        read = LabelWindows(annotation, classes, image.shape)
    return measure_classes(read, image, classes, chosen_classes(classes, pair, label_class), by)


def chosen_classes(classes: Sequence[str], pair: Pair | None, label_class: str | None) -> tuple[str, str | None]:
    """Axon and sheath, or one class and None. Raises InputError when a name is not there or none is clear."""
    wanted: tuple[str, str | None]
    if pair is not None and label_class is not None:
        raise InputError("Give pair=(axon, sheath) or label_class=..., not both.")
    if pair is not None:
        wanted = (pair[0], pair[1])
    elif label_class is not None:
        wanted = (label_class, None)
    else:
        found = usual_pair(classes)
        if found is None and len(classes) != 1:
            raise InputError(
                f"Which classes to measure? There are {', '.join(classes)}: give label_class='{classes[0]}' for one "
                "class, or pair=(axon, sheath) for fibres."
            )
        wanted = found or (classes[0], None)
    lacking = [name for name in wanted if name is not None and name not in classes]
    if lacking or wanted[0] == wanted[1]:
        problem = f"There is no class '{lacking[0]}'" if lacking else f"'{wanted[0]}' cannot be axon and sheath"
        raise InputError(f"{problem}: the classes are {', '.join(classes)}.")
    return wanted


def usual_pair(classes: Sequence[str]) -> Pair | None:
    """Axon and sheath by their usual names, in any case of letters; None when one is not there."""
    by_name = {name.lower(): name for name in classes}
    axon = next((by_name[name] for name in AXON_NAMES if name in by_name), None)
    sheath = next((by_name[name] for name in SHEATH_NAMES if name in by_name), None)
    return None if axon is None or sheath is None else (axon, sheath)


def measure_classes(
    read: ReadClasses, image: ProjectImage, classes: Sequence[str], wanted: tuple[str, str | None], by: str
) -> Measurements:
    """Measure an image whose class numbers `read` gives by windows; `classes[i]` is i + 1."""
    size, (axon, sheath) = image.pixel_size_um, wanted
    what = What(classes.index(axon) + 1, None if sheath is None else classes.index(sheath) + 1)
    stride = max(1, -(-max(image.shape) // _SHOWN_SIDE))
    shown: NDArray[np.float32] = np.full([-(-side // stride) for side in image.shape], np.nan, np.float32)
    windows = []
    parts = measure_windows(read, image.shape, what, stride)
    count = math.prod(-(-side // CORE) for side in image.shape)
    for part in tqdm(
        parts, desc="measuring", total=count, unit="window", delay=_SILENT_S, leave=False, file=sys.stdout
    ):
        top, left = -(-part.core.y // stride), -(-part.core.x // stride)
        shown[top : top + part.shown.shape[0], left : left + part.shown.shape[1]] = part.shown
        windows.append(part)
    rows = {name: np.concatenate([part.rows[name] for part in windows]) for name in windows[0].rows}
    order = np.lexsort((rows["x"], rows["y"]))
    about = Measured(
        image=image.name,
        by=by,
        pixel_size_um=size,
        shape=image.shape,
        pair=wanted,
        area_um2=image.shape[0] * image.shape[1] * size**2,
        axon_area_um2=sum(part.area for part in windows) * size**2,
        sheath_area_um2=sum(part.sheath_area for part in windows) * size**2,
        lone_sheaths=sum(part.lone for part in windows),
    )
    names = np.full(len(order), image.name, dtype=object)
    columns = {"image": names, **with_units({name: values[order] for name, values in rows.items()}, size)}
    return Measurements(about, columns, shown, image)
