"""A large image costs no more memory than a small one: sets, cards, packs and exports go by windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MAKE = """
import sys
import numpy as np
import axons_kernel as ax
from axons_kernel.annotations import Annotation, BoxLabel

side, folder = int(sys.argv[1]), sys.argv[2]
project = ax.open_project(folder)
rows = np.random.default_rng(0).integers(0, 256, (256, side), np.uint8)
image = project.import_image(np.tile(rows, (side // 256, 1)), name="large", pixel_size_um=0.1)
project.add_classes(["axon"])
image.save_annotation(
    Annotation(tuple(BoxLabel(label_class="axon", centre=(x, 300), size=(90, 90)) for x in range(100, side, 400)))
)
project.tile(image, size=512, overlap=0)
"""

USE = """
import sys
import axons_kernel as ax

project = ax.open_project(sys.argv[1])
made = project.create_training_set("s", validation=0.2)
project.data_card(made)._repr_html_()
pack = project.pack_training_set(made, progress=False)
ax.open_project(sys.argv[1] + "-host").unpack_training_set(pack.url)
project.export_training_set(made, sys.argv[1] + "-out", progress=False)
print(peak_mib())
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_image(measured: Callable[..., list[str]], tmp_path: Path) -> None:
    peaks = []
    for side in (1024, 8192):
        folder = tmp_path / str(side)
        measured(MAKE, str(side), folder)
        peaks.append(float(measured(USE, folder)[-1]))
    assert peaks[1] < peaks[0] + 120, (
        peaks
    )  # MiB; the image alone has 64, and is kept decoded; as float32 it would have 256
