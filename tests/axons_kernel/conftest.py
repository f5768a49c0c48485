"""Generators of tiny data: a picture of bright discs with its mask, files of it, and projects that hold it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from axons_kernel.project import Project, open_project

from .networks import Network

Arrays = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks on a busy machine: threads, here and in child processes, would only wait for each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture
def discs() -> Callable[..., Arrays]:
    """discs(shape, seed) -> pixels (H, W) uint8 with bright noisy discs, and mask (H, W) uint8 with 0 and 1."""

    def make(shape: tuple[int, int] = (128, 128), seed: int = 0, count: int = 8) -> Arrays:
        rng = np.random.default_rng(seed)
        rows, cols = np.indices(shape)
        mask = np.zeros(shape, np.uint8)
        for _ in range(count):
            y, x, r = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(6, 14)
            mask[(rows - y) ** 2 + (cols - x) ** 2 <= r**2] = 1
        return np.clip(60 + 120 * mask + rng.normal(0, 20, shape), 0, 255).astype(np.uint8), mask

    return make


@pytest.fixture
def png() -> Callable[..., bytes]:
    """png(array, mode=None) -> PNG bytes."""

    def encode(array: NDArray[Any], mode: str | None = None) -> bytes:
        image = Image.fromarray(array)
        buffer = io.BytesIO()
        (image.convert(mode) if mode else image).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@contextmanager
def running_s3_server(*options: str, **environment: str) -> Iterator[str]:
    """The address of a real S3 server process with the bucket `course`."""
    pytest.importorskip("moto", reason="moto[s3] is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    command = [sys.executable, str(Path(__file__).with_name("s3_server.py")), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as server:
        try:
            assert server.stdout
            address = server.stdout.readline().strip()
            urllib.request.urlopen(urllib.request.Request(f"{address}/course", method="PUT"), timeout=30).close()
            yield address
        finally:
            server.kill()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the S3 server that most tests share."""
    with running_s3_server() as address:
        yield address


@pytest.fixture
def another_s3_server() -> Iterator[Callable[..., str]]:
    """another_s3_server(*options, **environment) -> the address of a server of the test's own."""
    with ExitStack() as servers:
        yield lambda *options, **environment: servers.enter_context(running_s3_server(*options, **environment))


@pytest.fixture
def s3_url(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty s3:// root; its server and credentials are in the environment, its cache is the test's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    settings = {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "student",
        "AWS_SECRET_ACCESS_KEY": "correct-horse-battery",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AXONS_CACHE": str(tmp_path / "cache"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return f"s3://course/{uuid4().hex}"


@pytest.fixture
def network(s3_url: str, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The network to the S3 server of `s3_url`."""
    carrier = Network(s3_server)
    monkeypatch.setenv("AWS_ENDPOINT_URL", carrier.address)
    yield carrier
    carrier.close()


@pytest.fixture(params=["file", "memory", "s3"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty root of each kind of storage: the same contract holds for all."""
    if request.param == "file":
        yield (tmp_path / "root").as_uri()
    elif request.param == "s3":
        yield request.getfixturevalue("s3_url")
    else:
        url = f"memory://{uuid4().hex}"
        yield url
        filesystem, root = fsspec.core.url_to_fs(url)
        if filesystem.exists(root):
            filesystem.rm(root, recursive=True)


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, or of the size that an indirect parameter says."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={getattr(request, 'param', '256k')}", "tmpfs", folder],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A new, empty project in a folder."""
    return open_project(tmp_path / "project")


@pytest.fixture
def add_discs(discs: Callable[..., Arrays]) -> Callable[..., str]:
    """add_discs(project, name, seed=0) imports, tiles and labels a picture of discs, and returns its name."""

    def add(project: Project, name: str, shape: tuple[int, int] = (128, 128), seed: int = 0) -> str:
        pixels, mask = discs(shape, seed)
        image = project.import_image(pixels, name=name, pixel_size_um=0.1)
        project.tile(image, size=64, overlap=0)
        project.import_mask(image, mask, ["disc"])
        return image.name

    return add


@pytest.fixture(scope="session")
def finished_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that went all the way, from two images to a prediction; made once, for copying."""
    from axons_kernel.training.config import TrainingConfig

    made = open_project(tmp_path_factory.mktemp("finished") / "nerve")
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        mask = np.zeros((96, 128), np.uint8)
        mask[20:70, 30:60] = 1
        image = made.import_image(
            np.clip(60 + 120 * mask + rng.normal(0, 20, mask.shape), 0, 255).astype(np.uint8),
            name=name,
            pixel_size_um=0.1,
        )
        made.import_mask(image, mask, ["disc"])
        made.tile(image, size=64, overlap=0)
    training_set = made.create_training_set(images=["left", "right"], validation=0.2)
    run = made.train(training_set, TrainingConfig(epochs=1, batch=1, crop=64, width=4, depth=2), on="inline")
    made.predict(run.best, "right", progress=False)
    return Path(made.store.url)


@pytest.fixture
def finished(finished_template: Path, tmp_path: Path) -> Project:
    """A project of one's own that went all the way: images, labels, tiles, training set, run, model, prediction."""
    return open_project(shutil.copytree(finished_template, tmp_path / "nerve"))
