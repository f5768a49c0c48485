"""The wheel: what it carries, and that it installs in a fresh environment with the extension enabled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CONSTRAINTS = REPOSITORY / "images" / "constraints.txt"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy, as building leaves files beside the sources
    left_out = (".*", "node_modules", "build", "*.egg-info", "test-artifacts", "tests")
    shutil.copytree(REPOSITORY, source, ignore=shutil.ignore_patterns(*left_out))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("axons-*.whl")
    return path


def test_the_wheel_carries_extension_tour_proxy_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = [name.split(".data/data/", 1)[1] for name in names if ".data/data/" in name]
    for part in (
        "share/axons/notebooks/tour.ipynb",
        "share/axons/proxy/package-lock.json",
        "share/jupyter/lab/settings/overrides.d/axons.json",
        "share/jupyter/labextensions/axons-lab/install.json",
        "share/jupyter/labextensions/axons-lab/package.json",
    ):
        assert part in data
    assert any("axons-lab/static/remoteEntry." in name for name in data)
    packages = {name.split("/")[0] for name in names if ".data/" not in name and ".dist-info/" not in name}
    assert packages == {"axons_kernel", "hub_config", "spawners"}


def test_every_module_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("axons_kernel", "hub_config", "spawners"):
        for path in (REPOSITORY / package).rglob("*.py"):
            assert path.relative_to(REPOSITORY).as_posix() in names


def test_it_installs_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    bin_folder = tmp_path / "venv" / "bin"
    environment = {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(tmp_path)}
    environment |= {name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run(bin_folder / "pip", "install", "-q", "-c", CONSTRAINTS, f"{wheel}[widget]")
    listed = run(bin_folder / "jupyter", "labextension", "list")
    (line,) = [line for line in listed.splitlines() if "axons-lab" in line]
    assert "enabled" in line and "OK" in line
    small = "import axons_kernel as ax; print(ax.samples.axon_micrograph((128, 128)).mask.shape)"
    assert "(128, 128)" in run(bin_folder / "python", "-c", small)
    train = "ax.open_project('memory://x').train('s', ax.TrainingConfig())"
    without_torch = f"import axons_kernel as ax\ntry: {train}\nexcept ImportError as error: print(error)"
    assert "pip install 'axons[train]'" in run(bin_folder / "python", "-c", without_torch)
    hub = [bin_folder / "axons", "hub"]
    refused = subprocess.run(hub, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "pip install 'axons[" in refused.stderr and "hub" in refused.stderr


def test_the_hub_extra_needs_no_torch(wheel: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "-q", "--report", str(report)]
    subprocess.run([*command, "-c", str(CONSTRAINTS), f"{wheel}[hub]"], check=True, capture_output=True)
    names = {item["metadata"]["name"].lower() for item in json.loads(report.read_text())["install"]}
    assert "jupyterhub" in names and "dockerspawner" in names
    assert not names & {"torch", "torchvision", "ipycanvas", "albumentations", "opencv-python-headless"}
