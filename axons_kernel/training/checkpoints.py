"""Checkpoints on disk: all that it takes to go on with a training, in two files that are written in turn.

Each is safetensors (plain numbers, nothing that runs) with a digest, and is written atomically, so that a crash at any
moment leaves the one before it whole; where the newest is broken, that one is used.
"""

from __future__ import annotations

import hashlib
import json

from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import Tensor

from ..errors import AxonsKernelError, SchemaError, TrainingError
from ..storage import Store
from .progress import TrainingState

SCHEMA = "axons.checkpoint/1"
_SLOTS = (1, 2)


def encode(state: TrainingState, number: int) -> bytes:
    """A checkpoint's bytes; `number` counts the checkpoints of a training."""
    numbers = json.dumps(state.numbers)
    metadata = {"schema": SCHEMA, "number": str(number), "numbers": numbers}
    tensors = {name: value.contiguous() for name, value in state.tensors.items()}
    return save_safetensors(tensors, metadata | {"sha256": _digest(tensors, metadata)})


def decode(data: bytes, where: str) -> tuple[TrainingState, int]:
    """What `encode` wrote: the state, and the checkpoint's number. Raises SchemaError when it is broken or newer."""
    try:
        tensors = load_safetensors(data)
        metadata = metadata_of(data)
        digest, schema = metadata.pop("sha256"), metadata["schema"]
    except (SafetensorError, ValueError, KeyError) as error:
        raise SchemaError(f"{where} is cut or is no checkpoint: {error}.") from error
    if schema != SCHEMA:
        raise SchemaError(f"{where} has the schema {schema!r}, and {SCHEMA} is needed: update Axons to go on with it.")
    if digest != _digest(tensors, metadata):
        raise SchemaError(f"{where} is damaged: its content is not what was written.")
    return TrainingState(tensors, json.loads(metadata["numbers"])), int(metadata["number"])


def metadata_of(data: bytes) -> dict[str, str]:
    """What is written beside the tensors of a safetensors file. Raises ValueError or KeyError where it is none."""
    found: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return found


def _digest(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()


class CheckpointFiles:
    """`state-1.safetensors` and `state-2.safetensors` in a folder of the store."""

    def __init__(self, store: Store, folder: str):
        self._store, self._folder, self._number = store, folder, 0

    def _key(self, slot: int) -> str:
        return f"{self._folder}/state-{slot}.safetensors"

    def write(self, state: TrainingState) -> None:
        """Write over the older one. Raises StorageError, and then both stay as they were."""
        self._store.write(self._key(_SLOTS[self._number % 2]), encode(state, self._number))
        self._number += 1

    def newest(self) -> tuple[TrainingState | None, str]:
        """The newest one that is whole, None where there is none yet; and what was wrong with a broken one, or "".

        Raises TrainingError when there are some and none is whole.
        """
        found: list[tuple[int, TrainingState]] = []
        wrong: list[str] = []
        for key in (self._key(slot) for slot in _SLOTS):
            if self._store.exists(key):
                try:
                    state, number = decode(self._store.read(key), self._store.path(key))
                    found.append((number, state))
                except AxonsKernelError as error:
                    wrong.append(str(error))
        if wrong and not found:
            raise TrainingError(f"No checkpoint can be read: {' '.join(wrong)} Start a new training.")
        if not found:
            return None, ""
        number, state = max(found, key=lambda pair: pair[0])
        self._number = number + 1
        return state, " ".join(wrong)

    def remove(self) -> None:
        """Remove both: the training has come to its end."""
        for slot in _SLOTS:
            self._store.remove(self._key(slot))
