"""Makes the pictures of README.md again: a comparison with planted mistakes, and two screenshots of the whole tour.

`.ci/pictures.py comparison` makes the first alone.
"""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion, find_objects, label

from axons_kernel import quality
from axons_kernel.plotting import figure_png
from axons_kernel.samples import axon_micrograph

REPOSITORY = Path(__file__).parent.parent
PICTURES = REPOSITORY / "notebooks" / "pictures"


def comparison() -> Image.Image:
    """A synthetic micrograph whose axons were annotated with one kind of mistake in every fourth of them."""
    sample = axon_micrograph((320, 520), seed=5)
    known, count = label(sample.mask == 2)
    drawn = known.copy()
    for number, place in enumerate(find_objects(known), start=1):
        where = np.s_[max(0, place[0].start - 8) : place[0].stop + 8, max(0, place[1].start - 8) : place[1].stop + 8]
        view = drawn[where]
        area = known[where] == number
        match number % 20:
            case 0:
                view[area] = 0
            case 4:
                view[binary_dilation(area, iterations=4)] = number
            case 8:
                view[area & ~binary_erosion(area, iterations=3)] = 0
            case 12:
                middle = area.shape[1] // 2
                view[:, middle - 1 : middle + 1][area[:, middle - 1 : middle + 1]] = 0
                view[:, middle + 1 :][area[:, middle + 1 :]] = count + number
            case 16:
                view[area] = 2 * count + number
    classes = ["myelin" if i > 2 * count else "axon" for i in range(1, 3 * count + 1)]
    drawn[180:194, 470:484] = 3 * count + 1
    mine = quality.from_ids(drawn, [*classes, "axon"])
    result = quality.compare(mine, quality.from_ids(known, "axon"), image=sample.pixels)
    return Image.open(io.BytesIO(figure_png(result.figure(numbers=12))))


PICTURES.mkdir(exist_ok=True)
comparison().convert("RGB").save(PICTURES / "comparison.png", optimize=True)  # few pixels have its colours: no palette
if sys.argv[1:] == ["comparison"]:
    sys.exit()
with tempfile.TemporaryDirectory() as artifacts:
    environment = {**os.environ, "AXONS_FULL_TOUR": "1", "AXONS_ARTIFACTS": artifacts}
    test = "tests/integration/test_browser.py::test_a_student_walks_the_tour"
    subprocess.run([sys.executable, "-m", "pytest", "-q", test], env=environment, cwd=REPOSITORY, check=True)
    for name in ("annotate", "report"):
        picture = Image.open(Path(artifacts) / f"{name}.png").convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)
