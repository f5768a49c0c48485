"""A whole image predicted: right, at any pixel size, in bounded memory, and again after every interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from axons_kernel.errors import InputError, NotFoundError, StoppedPredictingError, StorageError
from axons_kernel.images import Micrograph, decode_image, encode_ome_tiff
from axons_kernel.inference import predicting, progress_files
from axons_kernel.inference.rows import Rows
from axons_kernel.model_files import ModelInfo, load_network
from axons_kernel.model_input import ModelInput
from axons_kernel.predictions import Prediction, PredictionInfo
from axons_kernel.project import Project
from axons_kernel.project_image import ProjectImage
from axons_kernel.resampling import resample
from axons_kernel.tiling import Tile

AddModel = Callable[..., ModelInfo]
QUICK: Any = {"size": 64, "overlap": 16, "instances": "none", "progress": False}
FILES = ("mask.tif", "confidence.tif", "probability.tif")


def structured(shape: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    coarse = resample(rng.normal(size=(shape[0] // 6 + 1, shape[1] // 6 + 1)).astype(np.float32), shape)
    return np.clip(128 + 40 * coarse + rng.normal(0, 10, shape), 0, 255).astype(np.uint8)


@pytest.fixture
def image(project: Project) -> ProjectImage:
    return project.import_image(structured((200, 260)), name="im", pixel_size_um=0.1)


def in_one_go(project: Project, model: ModelInfo, image: ProjectImage) -> NDArray[np.float32]:
    """Probabilities (K, H, W) of the whole image at the model's pixel size, without tiles."""
    seen = ModelInput(image, model.pixel_size_um, model.channels)
    pixels = seen.window(Tile(0, 0, seen.shape[1], seen.shape[0]))
    pad = [(0, -n % model.network.divisor) for n in seen.shape]
    with torch.inference_mode():
        scores = load_network(project.store, model)(torch.from_numpy(np.pad(pixels, [(0, 0), *pad], "symmetric"))[None])
    return scores.softmax(1)[0, :, : seen.shape[0], : seen.shape[1]].numpy()


def test_one_tile_is_what_the_network_says(project: Project, image: ProjectImage, add_model: AddModel) -> None:
    model = add_model(project)
    made = project.predict(model, "im", size=512, probabilities=True, instances="none", progress=False)
    expected = in_one_go(project, model, image)
    whole = Tile(0, 0, 260, 200)
    kept = made.probability_window(whole)
    assert kept is not None and kept.shape == (200, 260, 3) and kept.dtype == np.float32
    np.testing.assert_allclose(kept.transpose(2, 0, 1), expected, atol=0.5 / 255 + 1e-5)
    sure = np.sort(expected, axis=0)[-1] - np.sort(expected, axis=0)[-2] > 1e-4
    assert sure.mean() > 0.99 and len(np.unique(made.mask())) == 3
    np.testing.assert_array_equal(made.mask()[sure], expected.argmax(axis=0)[sure])
    confidence = made.confidence_window(whole)
    assert confidence is not None
    np.testing.assert_allclose(confidence, expected.max(axis=0), atol=0.5 / 255 + 1e-5)
    shares = {name: float((made.mask() == number).mean()) for number, name in enumerate(model.classes, start=1)}
    assert made.info.area_share == pytest.approx(shares)


@pytest.mark.parametrize("blend", ["gaussian", "linear"])
def test_tiles_hardly_show(project: Project, image: ProjectImage, add_model: AddModel, blend: Any) -> None:
    model = add_model(project, depth=2)
    made = project.predict(model, image, size=128, overlap=48, blend=blend, instances="none", progress=False)
    differs = made.mask() != in_one_go(project, model, image).argmax(axis=0)
    assert differs.mean() < 0.01
    assert not differs[:70, :70].any()  # where there is one tile only, and its edge is far


@pytest.mark.parametrize("pixel_size_um", [0.2, 0.13, 0.06])
def test_the_model_sees_its_own_pixel_size(
    project: Project, image: ProjectImage, add_model: AddModel, pixel_size_um: float, capsys: Any
) -> None:
    model = add_model(project, pixel_size_um=pixel_size_um)
    made = project.predict(model, image, size=512, instances="none")
    assert f"predicting im at {pixel_size_um:g} µm per pixel (it has 0.1)" in capsys.readouterr().out
    assert made.info.resampled and made.info.model_pixel_size_um == pixel_size_um
    assert f"shown to the model at {pixel_size_um:g} µm per pixel, the image has 0.1" in made._repr_html_()
    at_image_size = np.stack([resample(plane, image.shape) for plane in in_one_go(project, model, image)])
    top, second = np.sort(at_image_size, axis=0)[:-3:-1]
    sure = top - second > 0.2
    assert made.mask().shape == image.shape and sure.mean() > 0.4
    assert (made.mask() == at_image_size.argmax(axis=0))[sure].mean() > 0.99


@pytest.mark.parametrize(("pixel_size_um", "how"), [(0.9, "9 times smaller"), (0.01, "10 times larger")])
def test_an_absurd_change_of_pixel_size_is_refused(
    project: Project, image: ProjectImage, add_model: AddModel, pixel_size_um: float, how: str
) -> None:
    model = add_model(project, pixel_size_um=pixel_size_um)
    with pytest.raises(InputError, match=f"'im' has 0.1, so it would have to be made {how}; 8 times is the most"):
        project.predict(model, image)


def test_channels_of_the_model_must_be_there(project: Project, image: ProjectImage, add_model: AddModel) -> None:
    model = add_model(project, channels=("DAPI", "grey"))
    with pytest.raises(InputError, match="Image 'im' has no channel 'DAPI'; it has '0', 'grey'"):
        project.predict(model, image)
    pixels = np.stack([structured((70, 80), seed) for seed in (1, 2)], axis=2)
    two = project.import_image(pixels, name="two", pixel_size_um=0.1)
    model = add_model(project, "of-two", channels=("1", "0"))
    made = project.predict(model, two, **{**QUICK, "size": 128})
    expected = in_one_go(project, model, two).argmax(axis=0)
    assert (made.mask() == expected).mean() > 0.999


def test_new_images_are_imported(project: Project, add_model: AddModel, tmp_path: Path) -> None:
    from PIL import Image

    model, pixels = add_model(project), structured((70, 80))
    Image.fromarray(pixels).save(tmp_path / "new.png")
    made = project.predict(model, tmp_path / "new.png", pixel_size_um=0.1, **QUICK)
    assert made.info.image == "new" and [image.name for image in project.images()] == ["new"]
    again = project.predict(model, str(tmp_path / "new.png"), pixel_size_um=0.1, **QUICK)
    assert len(project.images()) == 1
    np.testing.assert_array_equal(again.mask(), made.mask())
    of_array = project.predict(model, structured((70, 90), 5), pixel_size_um=0.1, **QUICK)
    assert of_array.mask().shape == (70, 90) and len(project.images()) == 2
    with pytest.raises(NotFoundError, match="no image 'nowhere'"):
        project.predict(model, "nowhere")


def test_all_that_is_wrong_is_told_before_anything_runs(
    project: Project, image: ProjectImage, add_model: AddModel
) -> None:
    with pytest.raises(InputError) as error:
        project.predict(add_model(project), image, size=8, turns=3, min_area_um2=-1)  # type: ignore[arg-type]
    assert all(name in str(error.value) for name in ("size", "turns", "min_area_um2"))
    with pytest.raises(InputError, match="overlap 60 is over half of the tiles' size 64"):
        project.predict("m", image, size=64, overlap=60)


# -- interruptions ---------------------------------------------------------------------------------------------------


def stored(prediction: Prediction) -> list[bytes]:
    """All pixels of its files; the files themselves have random identifiers."""
    files = (prediction.image.store.read(f"{prediction.folder}/{name}") for name in FILES)
    return [decode_image(data, "it").pixels.tobytes() for data in files]


def interrupting(after: int, error: BaseException) -> Callable[..., Any]:
    """`finished_rows` that is interrupted after some rows of tiles."""
    whole = predicting.finished_rows

    def rows(*given: Any, **named: Any) -> Any:
        for number, part in enumerate(whole(*given, **named)):
            if number == after:
                raise error
            assert isinstance(part, Rows)
            yield part

    return rows


@pytest.mark.parametrize("pixel_size_um", [0.1, 0.17, 0.07])
def test_an_interrupted_prediction_goes_on(
    project: Project,
    image: ProjectImage,
    add_model: AddModel,
    pixel_size_um: float,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    model = add_model(project, pixel_size_um=pixel_size_um)
    how = {**QUICK, "probabilities": True, "progress": True}
    before = project.predict(model, image, **how)
    expected = stored(before)
    for after in (1, 0, 1):
        with monkeypatch.context() as patched:
            patched.setattr(predicting, "finished_rows", interrupting(after, KeyboardInterrupt()))
            with pytest.raises(StoppedPredictingError, match=r"Stopped the prediction of 'im' at \d+ %: the same call"):
                project.predict(model, image, **how)
        assert stored(before) == expected  # what was there can still be read
    assert project.store.names("predictions/im/m/partial") == ["lock", "part-00000.npz", "part-00001.npz", "state.npz"]
    capsys.readouterr()
    made = project.predict(model, image, **how)
    assert "going on with im" in capsys.readouterr().out
    assert stored(made) == expected
    assert "partial" not in project.store.names("predictions/im/m")


def test_progress_is_told_and_whoever_hears_it_may_interrupt(
    project: Project, image: ProjectImage, add_model: AddModel
) -> None:
    model = add_model(project)
    told: list[tuple[int, int]] = []
    expected = project.predict(model, image, **QUICK, on_progress=lambda *tiles: told.append(tiles)).mask()
    count = told[-1][1]
    assert told == [(done, count) for done in range(count + 1)] and count > 9

    def stop(done: int, count: int) -> None:
        if done > count // 2:
            raise KeyboardInterrupt

    with pytest.raises(StoppedPredictingError, match=r"at 5\d %"):
        project.predict(model, image, **QUICK, on_progress=stop)
    told.clear()
    again = project.predict(model, image, **QUICK, on_progress=lambda *tiles: told.append(tiles))
    assert 0 < told[0][0] <= count // 2
    np.testing.assert_array_equal(again.mask(), expected)


def test_another_setting_or_model_begins_again(
    project: Project, image: ProjectImage, add_model: AddModel, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    model = add_model(project)
    how = {**QUICK, "probabilities": True}
    expected = stored(project.predict(model, image, **{**how, "blend": "linear"}))
    for change in ("blend", "broken"):
        with monkeypatch.context() as patched:
            patched.setattr(predicting, "finished_rows", interrupting(2, KeyboardInterrupt()))
            with pytest.raises(StoppedPredictingError):
                project.predict(model, image, **{**how, "blend": "gaussian" if change == "blend" else "linear"})
        if change == "broken":
            project.store.write("predictions/im/m/partial/state.npz", b"PK\x03\x04 cut off")
        made = project.predict(model, image, **{**how, "blend": "linear", "progress": True})
        assert "predicting im" in capsys.readouterr().out
        assert stored(made) == expected


def test_a_killed_prediction_goes_on_with_the_same_bits(
    project: Project, image: ProjectImage, add_model: AddModel
) -> None:
    model = add_model(project)
    how = {**QUICK, "probabilities": True}
    expected = stored(project.predict(model, image, **how))
    script = f"""
import time
import torch
from axons_kernel.inference import predicting, progress_files
from axons_kernel.project import open_project
torch.set_num_threads(1)
progress_files._SAVE_S = 0
whole = predicting.finished_rows
def slow(*given, **named):
    for part in whole(*given, **named):
        yield part
        print("row", flush=True)
        time.sleep(0.2)
predicting.finished_rows = slow
open_project({project.store.url!r}).predict("m", "im", **{how!r})
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(2):
        assert child.stdout.readline() == "row\n"
    time.sleep(0.1)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    names = project.store.names("predictions/im/m/partial")
    assert "state.npz" in names and "part-00000.npz" in names
    assert stored(Prediction(image, project.predict(model, image, **how).info)) == expected


def test_only_one_process_predicts_the_same(project: Project, image: ProjectImage, add_model: AddModel) -> None:
    model = add_model(project)
    held = project.store.open_locked("predictions/im/m/partial/lock")
    assert held is not None
    with pytest.raises(StorageError, match="Another notebook is predicting 'im' with this model"):
        project.predict(model, image, **QUICK)
    held.close()
    project.predict(model, image, **QUICK)


def test_the_work_is_saved_every_so_often(
    project: Project, image: ProjectImage, add_model: AddModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_files, "_SAVE_BYTES", 1)
    saved: list[int] = []
    save = progress_files.ProgressFiles.save

    def counted(files: progress_files.ProgressFiles) -> None:
        save(files)
        saved.append(len(project.store.names("predictions/im/m/partial")))

    monkeypatch.setattr(progress_files.ProgressFiles, "save", counted)
    project.predict(add_model(project), image, **QUICK)
    assert saved == [3, 4, 5, 6]  # lock, state and a part for each of the four rows of tiles


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_files_of_an_earlier_prediction_do_not_stay(project: Project, image: ProjectImage, add_model: AddModel) -> None:
    model = add_model(project, border=True)
    project.predict(model, image, **{**QUICK, "probabilities": True, "instances": None})
    every = ["border.tif", "confidence.tif", "instances.tif", "mask.tif", "probability.tif", "summary.json"]
    assert project.store.names("predictions/im/m") == every
    made = project.predict(model, image, **QUICK)
    assert project.store.names("predictions/im/m") == ["border.tif", "confidence.tif", "mask.tif", "summary.json"]
    assert made.probability_window(Tile(0, 0, 5, 5)) is None and made.info.objects is None


def test_summary_tells_how_it_was_made(project: Project, image: ProjectImage, add_model: AddModel) -> None:
    project.add_classes(["axon"])  # the other one gets a colour of the palette
    model = add_model(project)
    made = project.predict(model, image, **{**QUICK, "turns": 4, "instances": None, "min_area_um2": 0.05})
    info = PredictionInfo.decode(project.store.read("predictions/im/m/summary.json"), "x")
    assert info == made.info
    assert info.model_sha256 == model.weights_sha256 and info.seconds is not None and info.seconds > 0
    assert info.options["turns"] == 4 and info.instances_by == "watershed" and not info.resampled
    assert info.objects is not None and made.instances().max() == sum(info.objects.values()) > 0
    page = made._repr_html_()
    for text in (
        "data:image/jpeg",
        "mean of 4 turned",
        model.weights_sha256[:12],
        "told apart by watershed, from 0.05",
    ):
        assert text in page
    assert f"objects: axon {info.objects['axon']}" in repr(made)
    assert made.picture().shape == (200, 260, 3)


def test_predictions_of_earlier_versions_are_read(project: Project, image: ProjectImage) -> None:
    mask = np.zeros((200, 260), np.uint8)
    mask[50:90, 60:100] = 1
    old = b"""{"schema": "axons.prediction/1", "image": "im", "model": "old", "classes": ["axon"],
               "pixel_size_um": 0.1, "area_share": {"axon": 0.03}}"""
    project.store.write("predictions/im/old/mask.tif", encode_ome_tiff(Micrograph(mask, 0.1), categorical=True))
    project.store.write("predictions/im/old/summary.json", old)
    made = Prediction(image, PredictionInfo.decode(old, "x"))
    assert made.window(Tile(60, 50, 40, 40)).all() and made.mask().sum() == 1600
    assert made.confidence_window(Tile(0, 0, 5, 5)) is None and "axon" in made._repr_html_()
    assert made.separate(progress=False).info.objects == {"axon": 1}


MEMORY = """
import sys, torch
from axons_kernel.inference import progress_files
from axons_kernel.project import open_project
torch.set_num_threads(1)
progress_files._SAVE_BYTES = 2 << 20
project = open_project(sys.argv[1])
before = peak_mib()
project.predict("m", sys.argv[2], size=256, overlap=32, probabilities=True, instances='touching', progress=False)
print(peak_mib() - before)
"""


def test_memory_does_not_grow_with_the_height_of_an_image(
    project: Project, add_model: AddModel, measured: Callable[..., list[str]]
) -> None:
    add_model(project, width=2)
    used = []
    for rows in (1000, 4000):
        pixels = np.tile(structured((500, 1000)), (rows // 500, 1))
        project.import_image(pixels, name=f"of-{rows}", pixel_size_um=0.1)
        used.append(float(measured(MEMORY, project.store.url, f"of-{rows}")[0]))
    assert used[1] < used[0] + 25, used  # MiB; the larger image has 34 MiB more of probabilities


@pytest.mark.integration
def test_20000_by_20000_pixels_take_less_than_1500_mb(
    project: Project, measured: Callable[..., list[str]], add_model: AddModel, tmp_path: Path
) -> None:
    """The narrowest network: what is measured is all around it."""
    pixels = np.lib.stride_tricks.as_strided(structured((500, 500)), (40, 500, 40, 500), (0, 500, 0, 1))
    project.import_image(pixels.reshape(20000, 20000), name="large", pixel_size_um=0.1)
    add_model(project, width=1, pixel_size_um=0.4)
    script = MEMORY.replace(
        "size=256, overlap=32, probabilities=True, instances='touching'", "instances='none'"
    ).replace("2 << 20", "32 << 20")
    used = float(measured(script.replace(" - before", ""), project.store.url, "large")[0])
    assert used < 1430  # MiB, of the whole process
