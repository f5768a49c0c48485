"""Makes the pictures of README.md again: runs the browser test with the whole tour and keeps two of its screenshots."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

REPOSITORY = Path(__file__).parent.parent
PICTURES = REPOSITORY / "notebooks" / "pictures"

with tempfile.TemporaryDirectory() as artifacts:
    environment = {**os.environ, "AXONS_FULL_TOUR": "1", "AXONS_ARTIFACTS": artifacts}
    test = "tests/integration/test_browser.py::test_a_student_walks_the_tour"
    subprocess.run([sys.executable, "-m", "pytest", "-q", test], env=environment, cwd=REPOSITORY, check=True)
    PICTURES.mkdir(exist_ok=True)
    for name in ("annotate", "report"):
        picture = Image.open(Path(artifacts) / f"{name}.png").convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)
