"""Two models on the same images: pairs by image or by block, nothing that either has seen, honest about few images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from axons_kernel.analysis.comparing_models import stored_prediction
from axons_kernel.errors import InputError
from axons_kernel.model_files import ModelInfo
from axons_kernel.predictions import Prediction, PredictionInfo, save_prediction
from axons_kernel.project import Project


def add_model(project: Project, name: str, *, classes: tuple[str, ...] = ("disc",), training_set: str = "") -> None:
    """The description of a model; without a training set it has learned elsewhere."""
    known = project.training_set(training_set).content_sha256 if training_set else ""
    info = ModelInfo(
        name=name, classes=classes, network={"classes": len(classes), "width": 4, "depth": 2}, pixel_size_um=0.1,
        training_set=training_set, training_set_sha256=known, weights_sha256=name, scores={},
    )  # type: ignore[arg-type]  # fmt: skip
    project.store.write(f"models/{name}/model.json", info.encode())


def guess(project: Project, model: str, image: str, shift: int) -> Prediction:
    """A stored prediction: the labels, moved to the right."""
    mask = np.roll(project.image(image).mask(("disc",)), shift, axis=1)
    info = PredictionInfo(
        image=image, model=model, classes=("disc",), pixel_size_um=0.1, area_share={}, model_sha256=model
    )
    return save_prediction(project.image(image), info, mask)


@pytest.fixture
def two_models(project: Project, add_discs: Callable[..., str]) -> Project:
    """Seven images; 'good' is off by one pixel or two, 'bad' by four."""
    for model in ("good", "bad"):
        add_model(project, model)
    for seed in range(7):
        name = add_discs(project, f"i{seed}", (64, 80), seed=seed)
        guess(project, "good", name, 1 + seed % 2)
        guess(project, "bad", name, 4)
    return project


def test_the_better_model_is_found_on_enough_images(two_models: Project) -> None:
    result = two_models.compare_models("good", "bad", two_models.images())
    test = result.tests["disc"]
    assert result.by_image and test.pairs == 7 and test.effect == 1
    assert test.low > 0 and test.difference > test.low
    assert test.p_wilcoxon == pytest.approx(2 / 2**7) == test.p_permutation
    assert "p = 0.0156 (Wilcoxon)" in repr(result) and "<img" in result._repr_html_()
    report = two_models.evaluate([guess(two_models, "good", f"i{seed}", 1 + seed % 2) for seed in range(7)])
    alone = np.mean([dice["disc"] for dice in report.scores.images.values()])
    assert test.first == pytest.approx(alone)


def test_few_images_give_no_p_value(two_models: Project) -> None:
    result = two_models.compare_models("bad", "good", ["i0", "i1"])
    test = result.tests["disc"]
    assert not result.by_image and test.p_wilcoxon is None and test.effect < 0
    assert test.pairs > 2 and "2 images are too few for a p-value" in repr(result)
    assert "1 image is too few" in repr(two_models.compare_models("bad", "good", ["i0"]))


def test_what_either_has_seen_does_not_count(two_models: Project) -> None:
    two_models.create_training_set("s", images=["i0", "i1"], validation=0.5)
    add_model(two_models, "bad", training_set="s")
    with pytest.raises(InputError, match="has learned from all of 'i0'"):
        two_models.compare_models("good", "bad", ["i0"])
    assert two_models.compare_models("good", "bad", ["i2"]).images == ("i2",)


def test_classes_in_another_order_are_the_same_classes(project: Project, add_discs: Callable[..., str]) -> None:
    add_discs(project, "a")
    project.add_classes(["ring"])
    for model, classes, number in (("one", ("disc", "ring"), 1), ("two", ("ring", "disc"), 2)):
        add_model(project, model, classes=classes)
        mask = project.image("a").mask(("disc",)) * number
        info = PredictionInfo(
            image="a", model=model, classes=classes, pixel_size_um=0.1, area_share={}, model_sha256=model
        )
        save_prediction(project.image("a"), info, mask.astype(np.uint8))
    assert project.compare_models("one", "two", ["a"]).tests["disc"].first == 1
    assert project.compare_models("one", "two", ["a"]).tests["disc"].second == 1


def test_predictions_of_other_weights_are_made_again(two_models: Project) -> None:
    model = two_models.model("good").model_copy(update={"weights_sha256": "trained again"})
    assert stored_prediction(two_models.store, two_models.model("good"), two_models.image("i0")) is not None
    assert stored_prediction(two_models.store, model, two_models.image("i0")) is None


def test_what_cannot_be_compared_is_told(two_models: Project) -> None:
    add_model(two_models, "other", classes=("cell",))
    for arguments, message in (
        (("good", "good", ["i0"]), "'good' cannot be compared with itself"),
        (("good", "other", ["i0"]), r"do not know the same classes \('good' disc and 'other' cell\)"),
        (("good", "bad", ["i0", "i0"]), "An image is given twice"),
        (("good", "bad", []), "is no list of images"),
        (("good", "bad", "i0"), "is no list of images"),
    ):
        with pytest.raises(InputError, match=message):
            two_models.compare_models(*arguments)  # type: ignore[arg-type]


def test_several_predictions_are_one_report(two_models: Project) -> None:
    report = two_models.evaluate([guess(two_models, "good", name, 2) for name in ("i0", "i1")])
    assert list(report.scores.images) == ["i0", "i1"] and report.scores.image == "i0, i1"
    assert two_models.store.names("reports/good") == ["report.html", "report.json"]
    page = two_models.store.read("reports/good/report.html").decode()
    assert "Each image" in page and "weights good" in page and "not of this project" in page
    assert "2 images cannot tell how images differ" in page
    two_models.store.write("reports/good/report.json", b"{}")
    assert "reports/good/report.json" in [problem.key for problem in two_models.check()]


def test_predictions_that_make_no_report(two_models: Project) -> None:
    one, other = guess(two_models, "good", "i0", 1), guess(two_models, "bad", "i1", 1)
    for predictions, message in (
        ([], "There is no prediction to evaluate"),
        ([one, other], r"of 2 models \(bad, good\): evaluate one model at a time, or compare two"),
        ([one, one], "An image is there twice"),
    ):
        with pytest.raises(InputError, match=message):
            two_models.evaluate(predictions)
