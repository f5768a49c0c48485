"""Reports: scores on unseen pixels only, and pages and pictures that say the same as the numbers."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import tifffile

from axons_kernel import plotting
from axons_kernel.analysis.report import FOREGROUND, ScoreTable, score_prediction
from axons_kernel.errors import InputError
from axons_kernel.images import to_8bit
from axons_kernel.model_files import ModelInfo
from axons_kernel.predictions import PredictionInfo, area_shares, save_prediction
from axons_kernel.project import Project
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


def test_perfect_prediction(labelled: Project) -> None:
    mask = labelled.image("a").mask()
    report = score_prediction(predicted(labelled, mask), mask, np.zeros(mask.shape, bool))
    assert report.dice() == report.dice("disc") == 1 and report.scores.scored_share == 1
    objects = report.scores.objects["disc"]
    assert objects["missed"] == objects["extra"] == 0 and objects["f1"] == 1 and objects["found"] > 0
    assert "Scored on the whole image" in str(report)


def test_seen_pixels_do_not_count_in_numbers_or_pictures(labelled: Project) -> None:
    reference = labelled.image("a").mask()
    seen = np.zeros(reference.shape, bool)
    seen[:, :64] = True
    wrong_where_seen = np.where(seen, 1 - reference, reference)
    report = score_prediction(predicted(labelled, wrong_where_seen), reference, seen)
    assert report.dice() == 1 and report.scores.scored_share == 0.5
    assert "Scored on 50 % of the image" in str(report)
    difference = report.figure().axes[3].images[0].get_array()
    for colour in (plotting.MISSED, plotting.EXTRA):
        assert not (np.asarray(difference) == colour).all(axis=2).any()


def test_nothing_to_count_is_null(labelled: Project) -> None:
    empty = np.zeros((128, 128), np.uint8)
    report = score_prediction(predicted(labelled, empty), empty, empty > 0)
    assert report.scores.pixels[FOREGROUND]["dice"] is None and np.isnan(report.dice())
    assert ScoreTable.decode(report.scores.encode(), "x") == report.scores


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
    report = score_prediction(predicted(labelled, mask), mask, mask > 5)
    scores = report.scores.model_copy(update={"model": "<script>"})
    page = type(report)(scores, report.prediction, report.predicted, report.reference).to_html()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert 'src="data:image/png;base64,' in page and "http" not in page
    assert "<table>" in report._repr_html_()


def test_area_shares() -> None:
    assert area_shares(np.uint8([[0, 1], [2, 2]]), ("a", "b", "c")) == {"a": 0.25, "b": 0.5, "c": 0.0}
    assert to_8bit(np.uint8([[1]])).tolist() == [[1]]
