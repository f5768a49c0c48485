"""Copying a project between folders, memory and S3: whole, verified, and going on where it was killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from axons_kernel.copying import copy_object, copy_project, plan_copy
from axons_kernel.errors import ConflictError, InputError, NotFoundError, StorageError
from axons_kernel.project import Project, open_project
from axons_kernel.storage import TEMPORARY_PREFIX, Store, s3_client

from .networks import Network


def content(store: Store) -> dict[str, bytes]:
    return {key: store.read(key) for key, _ in store.walk()}


@pytest.fixture
def target(store_url: str) -> Store:
    return Store(store_url + "/copy")


def test_copy_is_equal_and_sound_and_comes_back(finished: Project, target: Store, tmp_path: Path) -> None:
    plan = copy_project(finished.store, target, progress=False)
    assert content(target) == content(finished.store) and len(plan.missing) == len(content(target))
    assert Project(target).check() == []
    back = Store(tmp_path / "back")
    copy_project(target, back, progress=False)
    assert content(back) == content(finished.store)
    again = copy_project(finished.store, target, progress=False)
    assert again.missing == again.different == () and len(again.same) == len(content(target))


def test_only_what_is_missing_is_copied(finished: Project, target: Store) -> None:
    copy_project(finished.store, target, progress=False)
    target.remove("images/left/image.tif")
    finished.store.write("models/new/model.json", b"{}")
    plan = copy_project(finished.store, target, progress=False)
    assert plan.missing == ("images/left/image.tif", "models/new/model.json")
    assert content(target) == content(finished.store)


def test_other_content_is_not_overwritten_unasked(finished: Project, target: Store) -> None:
    copy_project(finished.store, target, progress=False)
    key = "annotations/left__labels.json"
    same_size = target.read(key).replace(b"disc", b"dish")
    target.write(key, same_size)
    target.remove("images/left/image.tif")
    before = content(target)
    with pytest.raises(ConflictError, match=rf"holds a project that differs in 1 objects \({key}\).*--overwrite"):
        copy_project(finished.store, target, progress=False)
    assert content(target) == before
    copy_project(finished.store, target, overwrite=True, progress=False)
    assert content(target) == content(finished.store)


def test_another_project_is_not_mixed_in_unasked(finished: Project, target: Store) -> None:
    other = open_project(target.url)
    other.add_classes(["vessel"])
    with pytest.raises(ConflictError, match=r"differs in 1 objects \(project\.json\)"):
        copy_project(finished.store, target, progress=False)
    assert [c.name for c in other.classes] == ["vessel"] and other.images() == []


def test_other_files_are_no_place(finished: Project, target: Store) -> None:
    target.write("thesis.txt", b"")
    with pytest.raises(InputError, match=r"holds other files \(thesis\.txt\) and is no project: choose a new or"):
        copy_project(finished.store, target, progress=False)
    assert list(content(target)) == ["thesis.txt"]


def test_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no project at .*nowhere: it has no project\.json"):
        copy_project(Store(tmp_path / "nowhere"), Store(tmp_path / "copy"))


def test_onto_itself(finished: Project) -> None:
    for place in (finished.store.url, finished.store.url + "/backup"):
        with pytest.raises(InputError, match="itself, or lies in it: name another place"):
            copy_project(finished.store, Store(place))
    copy_project(finished.store, Store(finished.store.url + "-2"), progress=False)


def test_temporaries_and_locks_stay_behind(finished: Project, target: Store) -> None:
    finished.store.write(f"images/{TEMPORARY_PREFIX}1", b"half")
    copy_project(finished.store, target, progress=False)
    assert list(target.walk(temporaries=True)) == [] and not target.exists(".axons-lock")


def test_project_json_comes_last(finished: Project, target: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Store.put

    def failing(self: Store, key: str, *rest: object) -> str:
        if key.startswith("runs/"):
            raise StorageError("no more")
        return put(self, key, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", failing)
        with pytest.raises(StorageError, match="no more"):
            copy_project(finished.store, target, progress=False)
    assert not target.exists("project.json")
    copy_project(finished.store, target, progress=False)
    assert content(target) == content(finished.store)


def test_what_arrives_damaged_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = Store(tmp_path / "a"), Store(tmp_path / "b")
    source.write("x", b"content")
    put = Store.put

    def damaging(self: Store, key: str, file: Path, on_bytes: object) -> str:
        sha256 = put(self, key, file)
        self.write(key, b"c0ntent")
        return sha256

    monkeypatch.setattr(Store, "put", damaging)
    with pytest.raises(StorageError, match=r"b/x did not arrive as it was sent\. Run the copy again"):
        copy_object(source, target, "x")


def test_damaged_object_on_s3_is_not_copied(s3_url: str, tmp_path: Path) -> None:
    source, target = Store(s3_url), Store(tmp_path)
    bucket, _, key = source.path("x").removeprefix("s3://").partition("/")
    s3_client.call("put_object", Bucket=bucket, Key=key, Body=b"damaged", Metadata={"axons-sha256": "0" * 64})
    with pytest.raises(StorageError, match="x is damaged: its content is not what its writer noted"):
        copy_object(source, target, "x")
    assert not target.exists("x")


def test_plan_counts_bytes(finished: Project, tmp_path: Path) -> None:
    plan = plan_copy(finished.store, Store(tmp_path / "copy"))
    assert sum(plan.bytes.values()) == sum(len(data) for data in content(finished.store).values())


def test_progress_bar_counts_all_bytes(finished: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy_project(finished.store, Store(tmp_path / "copy"))
    assert "copying: 100%" in capsys.readouterr().out


COPIER = """
import sys
from axons_kernel.copying import copy_project
from axons_kernel.storage import Store
copy_project(Store(sys.argv[1]), Store(sys.argv[2]), progress=False)
"""


def kill_a_copy(source: Store, target: Store, wait_s: float) -> bool:
    """Start a copy and kill it after a while; whether it was killed in time."""
    copier = subprocess.Popen([sys.executable, "-c", COPIER, source.url, target.url], env=dict(os.environ))
    limit = time.monotonic() + 60
    while not any(True for _ in target.walk()) and copier.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    time.sleep(wait_s)
    copier.kill()
    return copier.wait() != 0


@pytest.mark.parametrize("store_url", ["file", "s3"], indirect=True)
def test_killed_copy_goes_on(finished: Project, target: Store) -> None:
    rng = random.Random(0)
    for number in range(30):
        finished.store.write(f"predictions/left/model-{number}/mask.tif", rng.randbytes(3_000_000))
    killed = [kill_a_copy(finished.store, target, wait_s) for wait_s in (0.0, 0.05)]
    assert killed[0], "it was done before it could be killed"
    there = content(target)
    assert 0 < len(there) < len(content(finished.store)) and not target.exists("project.json")
    assert all(finished.store.read(key) == data for key, data in there.items())
    plan = copy_project(finished.store, target, progress=False)
    assert set(plan.same) == set(there)
    assert content(target) == content(finished.store)


def test_killed_fetch_from_s3_goes_on(s3_url: str, tmp_path: Path) -> None:
    source, target, data = Store(s3_url), Store(tmp_path / "copy"), random.Random(1).randbytes(10_000_000)
    source.write("x", data)
    with source.as_file("x") as file:
        partial = file.with_name(file.name)
    partial.write_bytes(data[:6_000_000])  # what a killed fetch leaves
    told: list[int] = []
    copy_object(source, target, "x", told.append)
    assert target.read("x") == data and sum(told) == len(data) and told[0] == 6_000_000
    assert not partial.exists()


def test_interrupted_copy_stops_soon_and_goes_on(finished: Project, network: Network, s3_url: str) -> None:
    """One file of many parts, on a slow network: nobody waits for all of them after Ctrl-C."""
    target, data = Store(s3_url), random.Random(2).randbytes(48 << 20)
    finished.store.write("predictions/right/run-1/probability.bin", data)
    network.pause_s = 0.02
    command = [str(Path(sys.executable).with_name("axons")), "project", "copy", finished.store.url, s3_url]
    copier = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 60
    while network.up < 4 << 20 and time.monotonic() < limit:
        time.sleep(0.02)
    sent = network.up
    copier.send_signal(signal.SIGINT)
    said = copier.communicate(timeout=60)[1]
    assert copier.returncode == 130 and said.splitlines()[-1] == "axons project: interrupted", said
    assert network.up - sent < 38 << 20 and not target.exists("project.json")
    network.pause_s = 0.0
    copy_project(finished.store, target, progress=False)
    assert content(target) == content(finished.store)


USAGE = """
import sys
from pathlib import Path
from axons_kernel.storage import Store
local, cloud = Store(sys.argv[1]), Store(sys.argv[2])
cloud.write("warm.bin", b"up")
with cloud.as_file("warm.bin"): pass
before = peak_mib()
cloud.put("large", Path(local.path("large")))
with cloud.as_file("large") as file:
    local.put("back", file)
with cloud.open("large") as file:
    file.seek(-1, 2)
print(peak_mib() - before)
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_object(s3_url: str, tmp_path: Path, measured: Callable[..., list[str]]) -> None:
    with open(tmp_path / "large", "wb") as file:
        for number in range(50):
            file.write(random.Random(number).randbytes(8 << 20))
    assert float(measured(USAGE, tmp_path, s3_url)[-1]) < 150  # MiB, for an object of 400
    assert subprocess.run(["cmp", tmp_path / "large", tmp_path / "back"]).returncode == 0
