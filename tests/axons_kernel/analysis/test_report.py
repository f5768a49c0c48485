"""Reports: scores on unseen pixels only, and pages and pictures that say the same as the numbers."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from scipy.ndimage import binary_erosion

from axons_kernel import plotting
from axons_kernel.analysis.report import Report, make_report
from axons_kernel.analysis.score_table import FOREGROUND, ScoreTable
from axons_kernel.analysis.scored import ScoredImage, windows_of
from axons_kernel.annotations import Annotation
from axons_kernel.errors import InputError
from axons_kernel.images import to_8bit
from axons_kernel.model_files import ModelInfo
from axons_kernel.predictions import PredictionInfo, area_shares, save_prediction
from axons_kernel.project import Project
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training_sets.training_set import TrainingSet

TINY = TrainingConfig(epochs=1, batch=1, crop=64, width=4, depth=2)


@pytest.fixture
def labelled(project: Project, add_discs: Callable[..., str]) -> Project:
    """A project with the labelled image 'a' of 128 x 128 pixels."""
    add_discs(project, "a")
    return project


def predicted(project: Project, mask: np.ndarray, model: str = "m") -> plotting.Any:
    info = PredictionInfo(
        image="a", model=model, classes=("disc",), pixel_size_um=0.1, area_share=area_shares(mask, ("disc",))
    )
    return save_prediction(project.image("a"), info, mask)


def model_of(project: Project, training_set: TrainingSet) -> None:
    """The description of a model that has learned from `training_set`."""
    info = ModelInfo(
        name="m", architecture="UNet", classes=("disc",), width=4, depth=2, pixel_size_um=0.1, scores={},
        training_set=training_set.name, training_set_sha256=training_set.content_sha256, weights_sha256="",
    )  # fmt: skip
    project.store.write("models/m/model.json", info.encode())


def report_of(project: Project, mask: np.ndarray, *, seen: tuple[Tile, ...] = (), model: str = "m") -> Report:
    """A report of a prediction of image 'a' that is `mask`."""
    prediction = predicted(project, mask, model)
    reference = windows_of(project.image("a").mask(("disc",)))
    scored = ScoredImage("a", mask.shape, 0.1, ("disc",), prediction.window, reference, seen)
    return make_report([prediction], [scored], {"date": "today"})


def test_perfect_prediction(labelled: Project) -> None:
    report = report_of(labelled, labelled.image("a").mask())
    assert report.dice() == report.dice("disc") == 1 and report.scores.scored_share == 1
    objects = report.scores.objects["disc"]
    assert objects["missed"] == objects["extra"] == 0 and objects["f1"] == 1 and objects["found"] > 0
    assert report.scores.outlines["disc"]["hd95_um"] == 0 and report.scores.worst == ()
    assert "Scored on the whole image" in str(report) and "Nothing is wrong" in report.gallery().texts[0].get_text()


def test_seen_pixels_do_not_count_in_numbers_or_pictures(labelled: Project) -> None:
    reference = labelled.image("a").mask()
    wrong_where_seen = reference.copy()
    wrong_where_seen[:, :64] = 1 - reference[:, :64]
    report = report_of(labelled, wrong_where_seen, seen=(Tile(0, 0, 64, 128),))
    assert report.dice() == 1 and report.scores.scored_share == 0.5
    assert "Scored on 50 % of the image" in str(report)
    difference = report.figure().axes[3].images[0].get_array()
    for colour in (plotting.MISSED, plotting.EXTRA):
        assert not (np.asarray(difference) == colour).all(axis=2).any()


def test_nothing_to_count_is_null(labelled: Project) -> None:
    empty = np.zeros((128, 128), np.uint8)
    labelled.image("a").save_annotation(Annotation(version=labelled.image("a").annotation().version))
    report = report_of(labelled, empty)
    assert report.scores.pixels[FOREGROUND]["dice"] is None and np.isnan(report.dice())
    assert ScoreTable.decode(report.scores.encode(), "x") == report.scores
    assert "disc: not there" in str(report) and "–" in report.to_html()


def test_intervals_hold_the_score_and_a_report_says_the_same_each_time(labelled: Project) -> None:
    guess = np.roll(labelled.image("a").mask(), 3, axis=1)
    report = report_of(labelled, guess)
    low, high = report.scores.intervals["disc"]["dice"] or (1, 0)
    assert low < report.dice("disc") < high and "drawing blocks" in report.scores.resampled
    again = report_of(labelled, guess)
    assert again.scores == report.scores and again.to_html() == report.to_html()


def test_images_are_drawn_once_there_are_enough(labelled: Project, add_discs: Callable[..., str]) -> None:
    predictions, scored = [], []
    for seed in range(5):
        name = add_discs(labelled, f"b{seed}", (64, 70), seed=10 + seed)
        image = labelled.image(name)
        guess = np.roll(image.mask(), 1 + seed, axis=1)
        info = PredictionInfo(image=name, model="m", classes=("disc",), pixel_size_um=0.1, area_share={})
        predictions.append(save_prediction(image, info, guess))
        windows = windows_of(guess), windows_of(image.mask(("disc",)))
        scored.append(ScoredImage(name, guess.shape, 0.1 if seed else 0.05, ("disc",), *windows))
    report = make_report(predictions, scored)
    assert "drawing whole images (5" in report.scores.resampled and len(report.scores.images) == 5
    totals = [
        make_report([p], [s]).counts[0].tallies.total().pixels[0] for p, s in zip(predictions, scored, strict=True)
    ]
    np.testing.assert_array_equal(report.scores.confusion, np.sum(totals, axis=0))
    assert "Each image" in report.to_html()
    assert "drawing blocks" in make_report(predictions[:4], scored[:4]).scores.resampled


def test_worst_tiles_are_where_it_is_wrong(labelled: Project) -> None:
    reference = labelled.image("a").mask()
    guess = reference.copy()
    guess[64:, :64] = 1 - guess[64:, :64]
    guess[0:4, 0:4] = 1 - guess[0:4, 0:4]
    report = report_of(labelled, guess)
    worst = report.worst()[0]
    assert (worst.x, worst.y, worst.wrong) == (32, 96, 1.0) and len(report.worst()) == 2
    titles = [axes.get_title() for axes in report.gallery().axes]
    assert titles[0] == "1  a x 32, y 96" and titles[3] == "100 % of the pixels wrong"


def test_calibration_comes_from_the_kept_confidence(labelled: Project) -> None:
    mask = labelled.image("a").mask()
    sure = np.full(mask.shape, 0.9, np.float32)
    prediction = predicted(labelled, mask)
    windows = prediction.window, windows_of(mask)
    scored = ScoredImage("a", mask.shape, 0.1, ("disc",), *windows, confidence=lambda tile: tile.cut(sure))
    report = make_report([prediction], [scored])
    assert report.scores.calibration_error == pytest.approx(0.1) and len(report.scores.calibration) == 1
    assert "less sure than it could be: 90 % sure on average, right in 100 %" in str(report)
    assert "Calibration" in report.to_html() and len(report.calibration_figure().axes) == 2


def test_confusion_figure_shows_shares_of_the_reference(labelled: Project) -> None:
    report = report_of(labelled, np.zeros((128, 128), np.uint8))
    texts = [text.get_text() for text in report.confusion_figure().axes[0].texts]
    assert texts == ["100.0 %", "0.0 %", "100.0 %", "0.0 %"]
    assert "100 % of the disc pixels are called background" in str(report)


def test_fibres_of_prediction_and_labels_are_measured_and_compared(project: Project) -> None:
    sample = axon_micrograph((256, 256), seed=1)
    image = project.import_image(sample.pixels, name="a", pixel_size_um=0.1)
    project.import_mask(image, sample.mask, ["myelin", "axon"])
    smaller = np.where(binary_erosion(sample.mask == 2), 2, np.minimum(sample.mask, 1)).astype(np.uint8)
    info = PredictionInfo(image="a", model="m", classes=("myelin", "axon"), pixel_size_um=0.1, area_share={})
    prediction = save_prediction(project.image("a"), info, smaller)
    windows = prediction.window, windows_of(sample.mask)
    report = make_report([prediction], [ScoredImage("a", smaller.shape, 0.1, ("myelin", "axon"), *windows)])
    assert report.fibres is not None
    bias = report.fibres.bland_altman["axon_diameter_um"]
    assert -0.3 < bias.bias < -0.15 and bias.pairs > 10, "a pixel less on each side"
    assert report.fibres.bland_altman["g_ratio"].bias < 0
    page = report.to_html()
    assert "Morphometry" in page and "Bland-Altman" in page and "Axon diameters from the prediction are 0." in page


def test_prediction_is_kept_as_a_tiled_tiff(labelled: Project) -> None:
    mask = labelled.image("a").mask()
    prediction = predicted(labelled, mask)
    np.testing.assert_array_equal(prediction.mask(), mask)
    with tifffile.TiffFile(io.BytesIO(labelled.store.read("predictions/a/m/mask.tif"))) as file:
        assert file.is_ome and file.pages[0].is_tiled  # type: ignore[union-attr]
    info = PredictionInfo.decode(labelled.store.read("predictions/a/m/summary.json"), "x")
    assert info.area_share["disc"] == pytest.approx(float((mask == 1).mean()))
    assert prediction.picture().shape == (128, 128, 3) and "data:image/jpeg" in prediction._repr_html_()


def test_evaluate_leaves_out_trained_pixels(labelled: Project) -> None:
    model_of(labelled, labelled.create_training_set("s", images=["a"], validation=0.0, test=0.5))
    reference = labelled.image("a").mask()
    wrong_where_trained = reference.copy()
    wrong_where_trained[:, :64] = 1 - reference[:, :64]
    report = labelled.evaluate(predicted(labelled, wrong_where_trained))
    assert report.dice() == 1 and report.scores.scored_share == 0.5
    assert labelled.store.names("predictions/a/m") == ["mask.tif", "report.html", "report.json", "summary.json"]


def test_image_that_was_all_seen_is_refused(labelled: Project) -> None:
    model_of(labelled, labelled.create_training_set("s", images=["a"], validation=0.5))
    with pytest.raises(InputError, match="has learned from all of 'a': evaluate it on another image"):
        labelled.evaluate(predicted(labelled, labelled.image("a").mask()))
    assert not labelled.store.exists("predictions/a/m/report.json")


def test_replaced_training_set_is_noticed(labelled: Project) -> None:
    training_set = labelled.create_training_set("s", images=["a"], validation=0.5)
    model_of(labelled, training_set.model_copy(update={"content_sha256": "another"}))
    with pytest.raises(InputError, match="is not the one that model 'm' has learned from"):
        labelled.evaluate(predicted(labelled, labelled.image("a").mask()))


def test_image_without_labels_is_refused(project: Project) -> None:
    project.import_image(np.zeros((128, 128), np.uint8), name="a", pixel_size_um=0.1)
    with pytest.raises(InputError, match=r"'a' has no labels to compare with\. Annotate first"):
        project.evaluate(predicted(project, np.zeros((128, 128), np.uint8)))


def test_train_predict_evaluate(labelled: Project, add_discs: Callable[..., str]) -> None:
    add_discs(labelled, "b", (100, 90), seed=5)
    run = labelled.train(labelled.create_training_set(images=["a"]), TINY, on="inline")
    prediction = labelled.predict(run.best, "b", progress=False)
    assert prediction.mask().shape == (100, 90) and prediction.info.model == run.name
    report = labelled.evaluate(prediction)
    assert report.scores.scored_share == 1 and 0 <= report.dice() <= 1


@pytest.mark.parametrize("pixel_size_um", [0.05, 0.2])
def test_prediction_comes_at_the_size_of_the_image(labelled: Project, pixel_size_um: float) -> None:
    training_set = labelled.create_training_set(images=["a"], pixel_size_um=pixel_size_um)
    run = labelled.train(training_set, TINY, on="inline")
    assert labelled.predict(run.best, "a", progress=False).mask().shape == (128, 128)


def test_page_needs_no_other_file_and_escapes_names(labelled: Project) -> None:
    mask = labelled.image("a").mask()
    report = report_of(labelled, mask)
    page = replace(report, scores=report.scores.model_copy(update={"model": "<script>"})).to_html()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert 'src="data:image/png;base64,' in page and "http" not in page
    assert "<table>" in report._repr_html_()


def test_area_shares() -> None:
    assert area_shares(np.uint8([[0, 1], [2, 2]]), ("a", "b", "c")) == {"a": 0.25, "b": 0.5, "c": 0.0}
    assert to_8bit(np.uint8([[1]])).tolist() == [[1]]
