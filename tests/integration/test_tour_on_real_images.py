"""The tour on real micrographs: learn from three animals, test on a fourth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def _pair(data: Path, animal: str) -> tuple[Path, Path]:
    (image,) = (data / "axon_sem_rat" / f"sub-{animal}" / "micr").glob("*.png")
    masks = data / "axon_sem_rat" / "derivatives" / "labels" / f"sub-{animal}" / "micr"
    return image, masks / f"{image.stem}_seg-axonmyelin-manual.png"


@pytest.mark.integration
def test_training_finds_axons_in_an_animal_it_has_not_seen(
    sample_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments: list[str] = []
    for animal in ("rat1", "rat5", "rat7"):
        image, mask = _pair(sample_data, animal)
        arguments += ["--image", str(image), "--mask", str(mask)]
    image, mask = _pair(sample_data, "rat6")
    arguments += ["--test-image", str(image), "--test-mask", str(mask), "--out", str(tmp_path / "out")]
    arguments += ["--minutes", "2"]  # half of what it takes by itself
    axons = Path(sys.executable).with_name("axons")
    done = subprocess.run([axons, "tour", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with capsys.disabled():
        print(f"\n{done.stdout}")
    scores = json.loads((tmp_path / "out" / "report.json").read_text())
    assert scores["scored_share"] == 1.0
    assert scores["pixels"]["all classes together"]["dice"] >= 0.90
