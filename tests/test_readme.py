"""README.md is true: its example runs, its commands, settings, extras, folders and pictures exist."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel

import axons_kernel as ax
from axons_kernel.errors import InputError
from axons_kernel.formats.registry import FORMATS
from axons_kernel.model_files import ModelInfo
from axons_kernel.predictions import PredictionInfo, save_prediction
from hub_config.cli import main
from hub_config.settings import Settings

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def table(heading: str, what: str) -> list[str]:
    """What stands between back-ticks in the table of that heading and begins with one of `what`, in order."""
    text = README.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return re.findall(rf"`((?:\w+ = )?(?:{what})\.[^`]+)`", text)


@dataclass(frozen=True)
class Nerve:
    """A project in the folder `nerve` with one labelled image."""

    project: ax.Project
    image: Any
    sample: Any


@pytest.fixture
def nerve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[int, int]], Nerve]:
    """nerve(shape) in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def make(shape: tuple[int, int]) -> Nerve:
        project = ax.open_project("nerve")
        sample = ax.samples.axon_micrograph(shape)
        image = project.import_image(sample.pixels, name="sciatic", pixel_size_um=0.1)
        project.import_mask(image, sample.mask, ["myelin", "axon"])
        project.tile(image, size=64, overlap=0)
        return Nerve(project, image, sample)

    return make


TINY = ax.TrainingConfig(epochs=1, batch=1, crop=64, width=4, depth=2)


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "nerve/predictions/sciatic/run-1/report.html").is_file()


def test_the_table_of_tiles_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = ax.open_project("nerve")
    image = project.import_image(ax.samples.axon_micrograph((600, 600)).pixels, name="sciatic", pixel_size_um=0.1)
    lines = table("you want | you write", "project|tiling")
    assert len(lines) == 9
    exec("\n".join(lines), {"project": project, "image": image})
    assert (tmp_path / "out.tif").is_file() and (tmp_path / "tiles" / "manifest.json").is_file()
    assert project.image("again").pixel_size_um == 0.1


def test_the_table_of_looking_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")
    monkeypatch.setattr("axons_kernel.looking.has_extension", lambda: True)
    monkeypatch.setattr("axons_kernel.uploading.has_extension", lambda: True)
    project = ax.open_project(tmp_path / "nerve")
    image = project.import_image(ax.samples.axon_micrograph((64, 64)).pixels, name="a", pixel_size_um=0.1)
    table = README.partition("Look at images as through a microscope")[2].partition("In the view,")[0]
    lines = re.findall(r"`(project[^`]*)`", table)
    assert lines == ["project.show(image)", "project.upload()", "project.images()", "project"]
    for line in lines:
        assert eval(line, {"project": project, "image": image}) is not None


def test_the_table_of_annotating_runs(nerve: Callable[..., Nerve], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axons_kernel.annotators.has_extension", lambda: True)
    made = nerve((64, 64))
    lines = table("you want | how", "project|ax")
    assert len(lines) == 4
    for line in lines:
        exec(line, {"ax": ax, "project": made.project, "image": made.image, "sample": made.sample})


def test_the_table_of_analyses_runs(tmp_path: Path, nerve: Callable[..., Nerve]) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    made = nerve((128, 128))
    for model in ("run-2", "run-1"):
        about = {"name": model, "classes": ("myelin", "axon"), "pixel_size_um": 0.1, "weights_sha256": model}
        network = {"classes": 2, "width": 4, "depth": 2}
        learned = {"training_set": "", "training_set_sha256": "", "scores": {}}
        made.project.store.write(f"models/{model}/model.json", ModelInfo(**about, **learned, network=network).encode())
        facts = {"image": "sciatic", "model": model, "model_sha256": model, "area_share": {}}
        info = PredictionInfo(classes=("myelin", "axon"), pixel_size_um=0.1, **facts)
        prediction = save_prediction(made.image, info, made.sample.mask)
    lines = table("an analysis | you write", "project|report|fibres")
    assert len(lines) == 12
    exec("\n".join(lines), {"project": made.project, "image": made.image, "prediction": prediction})
    assert (tmp_path / "fibres.csv").is_file() and (tmp_path / "fibres.parquet").is_file()


def test_the_tables_of_labels_are_true(tmp_path: Path, nerve: Callable[..., Nerve]) -> None:
    made = nerve((300, 300))
    (tmp_path / "schema.json").write_bytes(Path(made.project.export_classes()).read_bytes())
    (tmp_path / "masks").mkdir()
    for number, name in enumerate(["myelin", "axon"], start=1):
        mask = (made.sample.mask == number).astype("uint8") * 255
        Image.fromarray(mask).save(tmp_path / f"masks/sciatic_{name}.png")
    lines = table("labels | you write", "project")
    assert len(lines) == 6
    exec("\n".join(lines), {"project": made.project})
    formats = README.partition("| format | what it cannot hold |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)`", formats)) == set(FORMATS)


def test_the_table_of_configurations_runs(nerve: Callable[..., Nerve], monkeypatch: pytest.MonkeyPatch) -> None:
    made = nerve((128, 128))
    training_set = made.project.create_training_set(images=[made.image], validation=0.5)
    started: list[Any] = []
    monkeypatch.setattr("axons_kernel.runs.starting.start_run", lambda *run, **how: started.append(run[1].config))
    lines = table("a configuration | you write", "project|config|ax")
    assert len(lines) == 7
    names: dict[str, Any] = {"ax": ax, "project": made.project, "training_set": training_set}
    exec("\n".join(lines), names)
    assert started == [ax.TrainingConfig.good()] and 1e-5 < names["rate"] < 1


def test_the_table_of_trainings_runs(tmp_path: Path, nerve: Callable[..., Nerve]) -> None:
    pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    made = nerve((64, 128))
    training_set = made.project.create_training_set(images=[made.image], validation=0.5)
    for _ in range(2):
        made.project.train(training_set, TINY, on="inline")
    lines = table("a training | you write", "project")
    assert len(lines) == 7
    for line in lines:
        if line.endswith(".resume()"):
            with pytest.raises(InputError, match="has finished"):
                eval(line, {"project": made.project})
        else:
            assert eval(line, {"project": made.project}) is not None or line.endswith(".stop()")
    assert list((tmp_path / "boards" / "run-1").glob("events.*"))


def test_the_table_of_predictions_runs(tmp_path: Path, nerve: Callable[..., Nerve]) -> None:
    pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    made = nerve((64, 128))
    training_set = made.project.create_training_set(images=[made.image], validation=0.5)
    made.project.train(training_set, TINY, on="inline")
    lines = table("a prediction | you write", "project|prediction")
    assert len(lines) == 7
    exec("\n".join(lines), {"project": made.project, "sample": made.sample})
    assert (tmp_path / "run-1.onnx").is_file() and (tmp_path / "shared" / "model.safetensors").is_file()
    assert [model.name for model in made.project.models()] == ["run-1", "theirs"]


def test_the_table_of_training_sets_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = ax.open_project("nerve")
    for number in (1, 2, 3):
        sample = ax.samples.axon_micrograph((96, 96), seed=number)
        image = project.import_image(sample.pixels, name=f"rat{number}", pixel_size_um=0.1)
        project.import_mask(image, sample.mask, ["myelin", "axon"])
        image.save_annotation(replace(image.annotation(), completed_tasks=("finished",)))
        project.tile(image, size=64, overlap=0)
    lines = table("a training set | you write", "project|ax")
    assert len(lines) == 10
    exec("\n".join(lines), {"ax": ax, "project": project})
    assert len(project.training_sets()) == 7
    assert ax.open_project("host").training_set("first") == project.training_set("first")
    assert ax.open_project("other").training_set("first").tiles == project.training_set("first").tiles


def test_the_table_of_care_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = ax.open_project("nerve")
    project.import_image(ax.samples.axon_micrograph((64, 64)).pixels, name="sciatic", pixel_size_um=0.1)
    table = README.partition("| you want to | you write | or type |")[2].partition("\n\n")[0]
    lines = re.findall(r"`(project\.[^`]+)`", table)
    assert len(lines) == 3
    exec("\n".join(lines), {"project": project})
    commands = re.findall(r"`axons (project [^`]+)`", table)
    assert len(commands) == 5
    for command in commands:
        assert main(command.replace("s3://course/ana", str(tmp_path / "cloud")).split()) == 0
    for copy in ("backup", "cloud/nerve"):
        assert ax.open_project(tmp_path / copy, create=False).image("sciatic").shape == (64, 64)


def test_every_make_target_is_in_the_readme_and_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, flags=re.MULTILINE))
    told = set(re.findall(r"(?:`|^)make ([a-z]+)(?=`| PORT|$)", README, flags=re.MULTILINE))
    assert targets - {"help"} == told


def test_make_help_lists_every_target() -> None:
    said = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "lint", "types", "bench", "wheel", "pictures", "lock", "clean"):
        assert re.search(rf"^{target}\s+\w", said, flags=re.MULTILINE), said


@pytest.mark.parametrize("line", re.findall(r"axons tour --.*?(?=`|$)", README, flags=re.MULTILINE))
def test_axons_commands_parse(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each gets as far as the file that it names and that is not there; a wrong option would exit with status 2."""
    assert main(line.split()[1:]) == 1
    assert "there" in capsys.readouterr().err


def _settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
        names |= _settings(kind, f"{name}.") if is_section else {prefix + name}
    return names


def test_every_setting_is_in_the_readme() -> None:
    told = set(re.findall(r"^\| (`[^|]*`) \|", README, flags=re.MULTILINE))
    told = {name for cell in told for name in re.findall(r"`([a-z_.]+)`", cell)}
    assert _settings(Settings) <= told


def test_the_settings_example_is_valid() -> None:
    (example,) = blocks("toml")
    Settings.model_validate(_tuples(tomllib.loads(example)))


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def test_every_folder_is_in_the_folder_map_and_nothing_else() -> None:
    told = set(re.findall(r"^\| `([a-z_]+)/` \|", README, flags=re.MULTILINE))
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in tracked.splitlines() if "/" in line}
    assert {name for name in folders if not name.startswith(".")} == told


def test_links_and_pictures_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (REPOSITORY / target).exists(), target


def test_every_extra_is_in_the_readme() -> None:
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    for extra in config["options.extras_require"]:
        assert f"`{extra}`" in README
