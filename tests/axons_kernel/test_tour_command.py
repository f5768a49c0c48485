"""`axons tour` as its user meets it: a process, its exit status, its one sentence, what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from PIL import Image

import axons_kernel as ax
from axons_kernel.tour_command import tour_notebook
from hub_config.cli import main

AXONS = [str(Path(sys.executable).with_name("axons"))]
SMALL = ["--side", "192", "--minutes", "0.05"]


def tour(*arguments: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    command = [*AXONS, "tour", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a tour that refused; a traceback or a second exit status would be a defect."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("axons tour: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A small micrograph and its mask as PNG files, grey levels 0, 127 and 255."""
    sample = ax.samples.axon_micrograph((320, 320), seed=5)
    image, mask = tmp_path / "micrograph.png", tmp_path / "mask.png"
    Image.fromarray(sample.pixels).save(image)
    Image.fromarray(np.array([0, 127, 255], np.uint8)[sample.mask]).save(mask)
    return image, mask


Arguments = Callable[[Path, Path, Path], list[str | Path]]


def _text_file(folder: Path) -> Path:
    path = folder / "notes.png"
    path.write_text("not a picture")
    return path


def _other_size(folder: Path) -> Path:
    path = folder / "other.png"
    Image.fromarray(np.zeros((100, 90), np.uint8)).save(path)
    return path


REFUSALS: list[tuple[str, Arguments, str]] = [
    ("no image", lambda i, m, d: ["--image", _text_file(d), "--mask", m], "notes.png is not an image that can be read"),
    ("mask of another size", lambda i, m, d: ["--image", i, "--mask", _other_size(d)], "is 90 x 100 pixels, but"),
    ("no such file", lambda i, m, d: ["--image", d / "none.png", "--mask", m], "there is no such file"),
    ("a folder", lambda i, m, d: ["--image", d, "--mask", m], "it is a folder"),
    ("mask missing", lambda i, m, d: ["--image", i], "1 --image and 0 --mask are given"),
    ("test mask missing", lambda i, m, d: ["--image", i, "--mask", m, "--test-image", i], "belong together"),
    ("test image alone", lambda i, m, d: ["--test-image", i, "--test-mask", m], "needs at least one --image"),
    ("classes", lambda i, m, d: ["--image", i, "--mask", m, "--classes", "axon"], "2 classes, but 1 are named"),
    ("minutes", lambda i, m, d: ["--minutes", "0"], "--minutes 0 is not allowed"),
    ("side", lambda i, m, d: ["--side", "10"], "--side 10 is not allowed"),
    ("notebook", lambda i, m, d: ["--notebook", d / "no.ipynb"], "no.ipynb is not there"),
    ("no notebook", lambda i, m, d: ["--notebook", i], "micrograph.png is not a notebook that can be read"),
    ("pixel size", lambda i, m, d: ["--image", i, "--mask", m, "--pixel-size-um", "0"], "pixel_size_um=0.0"),
]


Refuse = Callable[..., str]


@pytest.fixture
def refuse(capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Run the command in this process and return its one sentence."""

    def run(*arguments: str | Path) -> str:
        status = main(["tour", *map(str, arguments)])
        said = capsys.readouterr().err
        assert (status, said.count("\n")) == (1, 1), said
        return said

    return run


@pytest.mark.parametrize(("arguments", "message"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_bad_input_is_refused_before_anything_is_written(
    refuse: Refuse, arguments: Arguments, message: str, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    given = arguments(*pair, tmp_path)
    if "--pixel-size-um" not in given:
        given += ["--pixel-size-um", "0.1"]
    out = tmp_path / "out"
    assert message in refuse(*given, "--out", out)
    assert not out.exists()


def test_a_pixel_size_that_no_file_tells_is_asked_for(refuse: Refuse, pair: tuple[Path, Path], tmp_path: Path) -> None:
    said = refuse("--image", pair[0], "--mask", pair[1], "--out", tmp_path / "out")
    assert "The pixel size of" in said and "--pixel-size-um 0.1" in said


def test_an_output_folder_with_files_is_left_alone(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    said = refuse("--out", tmp_path)
    assert said == f"axons tour: --out {tmp_path} is not empty: choose a new folder, or delete that one first.\n"
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_a_file_is_no_output_folder(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "is a file: choose a folder" in refuse("--out", tmp_path / "file")


@pytest.mark.integration
def test_own_image_is_tested_on_the_part_it_was_not_trained_on(pair: tuple[Path, Path], tmp_path: Path) -> None:
    image, mask = pair
    out = tmp_path / "out"
    done = tour("--image", image, "--mask", mask, "--pixel-size-um", "0.1", *SMALL, "--out", out)
    assert done.returncode == 0, done.stderr
    scores = json.loads((out / "report.json").read_text())
    assert 0.1 < scores["scored_share"] < 0.5
    assert set(scores["pixels"]) == {"all classes together", "myelin", "axon"}


@pytest.mark.integration
def test_synthetic_tour_leaves_notebook_project_and_report(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = tour("--side", "384", "--minutes", "0.5", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "epoch" in done.stderr and "left" in done.stderr  # progress with the time left
    notebook = nbformat.read(out / "tour.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    shown = [output.get("data", {}) for output in outputs]
    kinds = {"image/png", "image/jpeg"}
    pictures = [data for data in shown if kinds & set(data) or "<img" in data.get("text/html", "")]
    assert len(pictures) >= 6  # image, tiles, curves, prediction, report, fibres
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    project = ax.open_project(out / "project", create=False)
    assert len(project.images()) == 4 and project.run("run-1").status().state == "finished"
    scores = json.loads((out / "report.json").read_text())
    assert scores["pixels"]["all classes together"]["dice"] > 0.7, done.stdout
    assert "data:image/png;base64," in (out / "report.html").read_text()


@pytest.mark.integration
def test_a_broken_cell_is_named(tmp_path: Path) -> None:
    notebook = nbformat.read(tour_notebook(), as_version=4)
    broken = next(cell for cell in notebook.cells if "create_training_set" in cell.source)
    broken.source = "raise ValueError('the labels have run away')"
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    done = tour(*SMALL, "--notebook", tmp_path / "broken.ipynb", "--out", tmp_path / "out")
    said = refusal(done)
    assert "(under '4 · Training set') failed: ValueError: the labels have run away" in said
    kept = nbformat.read(tmp_path / "out" / "tour.ipynb", as_version=4)
    assert any(o.output_type == "error" for c in kept.cells for o in c.get("outputs", []))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.integration
def test_a_full_disk_is_one_sentence_and_no_half_file(small_disk: Path) -> None:
    said = refusal(tour("--side", "1024", "--minutes", "0.05", "--out", small_disk / "out"))
    assert "the disk is full. Free some space" in said
    for path in small_disk.rglob("*.json"):
        json.loads(path.read_text())
    assert not list(small_disk.rglob(".axons-tmp-*"))


@pytest.mark.integration
def test_a_disk_that_cannot_be_written(refuse: Refuse, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert "the disk is read-only. Choose another folder." in refuse(*SMALL, "--out", small_disk / "out")


@pytest.mark.integration
def test_a_killed_tour_leaves_a_project_that_opens_and_no_process(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*AXONS, "tour", "--side", "256", "--minutes", "2", "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metrics = out / "project" / "runs" / "run-1" / "metrics.jsonl"
    _until(lambda: metrics.exists() and metrics.stat().st_size > 0, 120)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2  # the kernel and the training
    process.send_signal(signal.SIGKILL)
    process.wait()
    project = ax.open_project(out / "project", create=False)
    assert len(project.images()) == 4 and project.training_set("set-1").tiles
    assert all(image.annotation().labels for image in project.images())
    assert project.run("run-1").metrics()
    _until(lambda: not any(child.is_running() and child.status() != "zombie" for child in family), 30)


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.2)
