"""Checkpoints: two files in turn, so that one is always whole; what is broken is told, a pickle is not opened."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from axons_kernel.errors import SchemaError, StorageError, TrainingError
from axons_kernel.storage import Store
from axons_kernel.training.checkpoints import CheckpointFiles, decode, encode
from axons_kernel.training.progress import TrainingState


def state(epoch: int) -> TrainingState:
    tensors = {
        "net/weight": torch.full((3, 2), epoch + 0.1),
        "net/steps": torch.tensor(epoch),
        "random/cpu": torch.arange(7, dtype=torch.uint8),
        "net/transposed": torch.randn(3, 4).t(),
    }
    return TrainingState(tensors, {"position": {"epoch": epoch, "score": 0.1 + 0.2}})


@pytest.fixture
def store(store_url: str) -> Store:
    return Store(store_url)


def test_round_trip() -> None:
    given = state(4)
    found, number = decode(encode(given, 17), "x")
    assert number == 17 and found.numbers == given.numbers and found.tensors.keys() == given.tensors.keys()
    assert all(torch.equal(given.tensors[name], value) for name, value in found.tensors.items())


def test_the_newest_is_used_and_the_one_before_it_stays(store: Store) -> None:
    files = CheckpointFiles(store, "c")
    assert files.newest() == (None, "")
    for epoch in range(5):
        files.write(state(epoch))
        found, wrong = CheckpointFiles(store, "c").newest()
        assert found is not None and found.numbers["position"]["epoch"] == epoch and wrong == ""
    assert store.names("c") == ["state-1.safetensors", "state-2.safetensors"]


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "pickle"])
def test_a_broken_one_is_told_and_the_one_before_it_is_used(store: Store, damage: str) -> None:
    files = CheckpointFiles(store, "c")
    for epoch in range(3):
        files.write(state(epoch))
    whole = store.read("c/state-1.safetensors")
    flipped = bytearray(whole)
    flipped[-9] ^= 1
    broken = {"cut": whole[:-5], "empty": b"", "flipped": bytes(flipped), "pickle": pickle.dumps({"net": Evil()})}
    store.write("c/state-1.safetensors", broken[damage])
    again = CheckpointFiles(store, "c")
    found, wrong = again.newest()
    assert found is not None and found.numbers["position"]["epoch"] == 1
    assert "state-1.safetensors" in wrong and ("damaged" if damage == "flipped" else "no checkpoint") in wrong
    again.write(state(9))  # over the broken one
    found, wrong = CheckpointFiles(store, "c").newest()
    assert found is not None and found.numbers["position"]["epoch"] == 9 and wrong == ""


class Evil:
    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was opened",)


def test_nothing_whole_is_left(store: Store) -> None:
    store.write("c/state-2.safetensors", b"nothing")
    with pytest.raises(TrainingError, match=r"No checkpoint can be read: .*state-2.* Start a new training"):
        CheckpointFiles(store, "c").newest()


def test_a_newer_kind_is_refused() -> None:
    data = encode(state(1), 0)
    with pytest.raises(SchemaError, match=r"has the schema 'axons\.checkpoint/9'.*update Axons"):
        decode(data.replace(b"axons.checkpoint/1", b"axons.checkpoint/9"), "x")


def test_changed_numbers_are_noticed() -> None:
    data = encode(state(1), 0)
    with pytest.raises(SchemaError, match="x is damaged"):
        decode(data.replace(b'epoch\\": 1', b'epoch\\": 7'), "x")


def test_removed(store: Store) -> None:
    files = CheckpointFiles(store, "c")
    files.write(state(0))
    files.remove()
    assert CheckpointFiles(store, "c").newest() == (None, "")


def test_a_full_disk_leaves_both(small_disk: Path) -> None:
    store = Store(small_disk / "project")
    files = CheckpointFiles(store, "c")
    for epoch in range(2):
        files.write(state(epoch))
    large = TrainingState({"net/weight": torch.zeros(200_000)}, {"position": {"epoch": 2}})
    with pytest.raises(StorageError, match=r"(?i)no space|disk is full"):
        files.write(large)
    found, wrong = CheckpointFiles(store, "c").newest()
    assert found is not None and found.numbers["position"]["epoch"] == 1 and wrong == ""
    files.write(state(3))
    found, _ = CheckpointFiles(store, "c").newest()
    assert found is not None and found.numbers["position"]["epoch"] == 3
