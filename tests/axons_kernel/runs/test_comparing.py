"""Runs beside each other, in a list and as TensorBoard's files, from files as a training leaves them."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from axons_kernel import plotting
from axons_kernel.errors import InputError, NotFoundError
from axons_kernel.project import Project
from axons_kernel.runs.figures import common_tiles, thumbnail
from axons_kernel.runs.recording import Recording
from axons_kernel.runs.run import Run, RunInfo, RunStatus
from axons_kernel.runs.scores import best_epoch, duration
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile

NASTY = "<img src=x onerror=alert(1)>"
ORANGE, BLUE = (230, 159, 0), (86, 180, 233)
MakeRun = Callable[..., Run]


def tiles_of(seed: int) -> list[LabelledTile]:
    rng = np.random.default_rng(seed)
    masks = [np.kron(rng.integers(0, 3, (4, 4), np.uint8), np.ones((12, 12), np.uint8)) for _ in range(2)]
    return [LabelledTile((mask - 1 + rng.normal(0, 0.3, mask.shape)).astype(np.float32), mask) for mask in masks]


@pytest.fixture
def make_run(project: Project) -> MakeRun:
    """make_run(name, ceiling=0.9, epochs=3, tiles=0, **config) leaves the files of a run."""

    def make(name: str, ceiling: float = 0.9, epochs: int = 3, tiles: int = 0, **config: Any) -> Run:
        info = RunInfo(
            name=name, training_set="set-1", training_set_sha256="ab" * 32, classes=("axon", NASTY),
            config=TrainingConfig(**config), started="2026-01-02T03:04:05+00:00",
        )  # fmt: skip
        run = Run(project.store, info)
        run.store.write(run.key("config.json"), info.encode())
        found = tiles_of(tiles)
        with Recording(project.store, name, (ORANGE, BLUE), found, epochs=max(1, epochs)) as recording:
            for epoch in range(1, epochs + 1):
                dice = ceiling * (1 - math.exp(-epoch)) - (0.2 if epoch == 3 else 0)
                for index, tile in enumerate(found):
                    recording.on_guess(index, np.roll(tile.mask, 4 - epoch, axis=1))
                line = {
                    "epoch": epoch, "loss": 1 / epoch, "validation_loss": 1.1 / epoch, "progress": epoch / epochs,
                    "validation_dice": [dice, dice / 2], "seconds": 30.0 * epoch, "learning_rate": 1e-3,
                }  # fmt: skip
                run.append_metrics(line)
                recording.on_epoch(line)
        run.set_status(RunStatus(state="finished"))
        return run

    return make


def test_what_is_different_and_what_came_of_it(project: Project, make_run: MakeRun) -> None:
    make_run("a", batch=4, seed=1)
    make_run("b", ceiling=0.6, epochs=4, batch=4, seed=2)
    compared = project.compare_runs("a", project.run("b"))
    assert compared.differences() == {"seed": [1, 2]}
    first, second = compared.scores()
    assert (first["best_epoch"], second["best_epoch"], first["seconds"], second["epochs"]) == (2, 4, 90.0, 4)
    assert first["dice"]["axon"] == pytest.approx(0.9 * (1 - math.exp(-2)))
    assert first["mean"] == pytest.approx(0.75 * first["dice"]["axon"])
    assert repr(compared).splitlines()[0] == "seed: 1, 2"
    assert repr(compared).splitlines()[1] == "a: best mean Dice 0.584 after 1 min 30 s, finished"
    html = compared._repr_html_()
    assert NASTY not in html and html.count("data:image/png") == 2
    assert html.count("<tr>") == 2 + 3


def test_all_curves_are_in_one_figure(project: Project, make_run: MakeRun) -> None:
    make_run("a"), make_run("b", epochs=1), make_run("c", epochs=0)
    figure = project.compare_runs("a", "b", "c").figure()
    loss, _, axon, other = figure.axes
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["a", "b", "c"]
    assert len(loss.lines) == 6 and len(axon.lines) == len(other.lines) == 3
    assert len({line.get_color() for line in axon.lines}) == 3
    assert len(plotting.figure_png(figure)) > 5000


def test_the_same_tiles_beside_each_other(project: Project, make_run: MakeRun) -> None:
    make_run("a"), make_run("b", epochs=4), make_run("other", tiles=7)
    tiles = common_tiles(project.store, {"a": 2, "b": 4})
    assert len(tiles) == 2 and [tile.predictions["a"][0] for tile in tiles] == [2, 2]
    of_b = tiles[0].predictions["b"]
    assert of_b[0] == 4 and (of_b[1] == tiles[0].reference).all()
    assert (tiles[0].predictions["a"][1] != tiles[0].reference).any()
    assert common_tiles(project.store, {"a": 2, "other": 2}) == []
    figure = project.compare_runs("a", "b").examples()
    assert figure and [axes.get_title() for axes in figure.axes[:4]] == [
        "image",
        "reference",
        "a\nepoch 2",
        "b\nepoch 4",
    ]
    alone = project.compare_runs("a", "other")
    assert alone.examples() is None and alone._repr_html_().count("data:image/png") == 1
    assert "Nothing: the same settings" in project.compare_runs("a", "b")._repr_html_()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"0 runs are given: compare_runs takes 2 to 8"),
        (["a"], r"1 runs are given"),
        (["a", "a"], r"name each one once"),
    ],
)
def test_what_cannot_be_compared(project: Project, make_run: MakeRun, names: list[str], message: str) -> None:
    make_run("a")
    with pytest.raises(InputError, match=message):
        project.compare_runs(*names)
    with pytest.raises(NotFoundError, match="no run 'b'"):
        project.compare_runs("a", "b")


def test_the_list_of_runs_shows_curves_and_hides_no_broken_run(project: Project, make_run: MakeRun) -> None:
    assert project.runs()._repr_html_() == "<p>no runs yet</p>"
    make_run("a"), make_run("b", epochs=0)
    broken = make_run("c")
    broken.store.write(broken.key("metrics.jsonl"), b"nonsense\n")
    runs = project.runs()
    html = runs._repr_html_()
    assert [run.name for run in runs] == ["a", "b", "c"] and NASTY not in html
    assert html.count("data:image/jpeg") == 1 and "axon 0.778, &lt;img" in html and "1 min 30 s" in html
    assert "metrics.jsonl is not readable JSON" in html and "2026-01-02 03:04" in html


def test_a_thumbnail_shows_what_is_high_and_what_is_low() -> None:
    metrics = [{"validation_dice": [0.9, 0.2]} for _ in range(3)]
    picture = thumbnail(metrics, (ORANGE, BLUE)).astype(int)
    assert picture.shape == (48, 160, 3)
    top, bottom = picture[:16], picture[-16:]
    assert np.abs(top - ORANGE).sum(axis=2).min() < 30 and np.abs(bottom - BLUE).sum(axis=2).min() < 30
    assert np.abs(bottom - ORANGE).sum(axis=2).min() > 60
    assert (thumbnail(metrics[:1], (ORANGE, BLUE)) != thumbnail([], (ORANGE, BLUE))).any()


def test_scores() -> None:
    assert best_epoch([]) is None
    lines = [{"epoch": n, "validation_dice": dice} for n, dice in enumerate(([0.1], [0.5], [0.5], [0.4]), start=1)]
    assert (best_epoch(lines) or {})["epoch"] == 2
    assert [duration(s) for s in (0.4, 59.6, 200, 3900, 7200)] == ["0 s", "1 min", "3 min 20 s", "1 h 5 min", "2 h"]


# -- TensorBoard --------------------------------------------------------------------------------------------------


def events(folder: Path) -> list[Any]:
    """All values of the event files in a folder, in the order that they were written in."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.glob("events.*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            found += [(value, event.step, event.wall_time) for value in event.summary.value]
            data = data[16 + length :]
    return found


def test_tensorboard_reads_what_the_run_has(project: Project, make_run: MakeRun, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    run = make_run("a")
    out = Path(run.to_tensorboard(tmp_path / "boards"))
    assert out == tmp_path / "boards" / "a"
    found = events(out)
    losses = [(value.simple_value, step) for value, step, _ in found if value.tag == "loss/training"]
    assert losses == [(pytest.approx(1 / epoch), epoch) for epoch in (1, 2, 3)]
    tags = {value.tag for value, _, _ in found}
    assert {"loss/validation", "validation_Dice/axon", "learning_rate", "machine/CPU__", "tile_1/reference"} <= tags, (
        tags
    )
    images = [(value.image, step) for value, step, _ in found if value.tag == "tile_2/prediction"]
    assert [step for _, step in images] == [1, 2, 3] and images[0][0].width == 48
    pixels = np.asarray(Image.open(io.BytesIO(images[0][0].encoded_image_string)))
    assert pixels.shape == (48, 48, 3) and pixels.std() > 10
    with pytest.raises(InputError, match="is there already"):
        run.to_tensorboard(tmp_path / "boards")
