"""Models on disk: weights as safetensors (plain numbers, nothing that runs) and a JSON that says what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors

from .documents import Document
from .errors import NotFoundError, TrainingError
from .storage import Store
from .training.unet import UNet, on_best_device

if TYPE_CHECKING:
    from .training.config import TrainingConfig
    from .training_sets.training_set import TrainingSet


class ModelInfo(Document):
    """models/<name>/model.json. `scores` are those of the epoch that the weights come from."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())
    kind: ClassVar[str] = "model"
    name: str
    architecture: str
    classes: tuple[str, ...]
    width: int
    depth: int
    pixel_size_um: float
    training_set: str
    training_set_sha256: str
    weights_sha256: str
    scores: dict[str, Any]


def write_model(
    store: Store,
    name: str,
    weights: bytes,
    config: TrainingConfig,
    training_set: TrainingSet,
    scores: Mapping[str, Any],
) -> None:
    """Store weights and description; the description comes last and holds the hash of its weights."""
    info = ModelInfo(
        name=name,
        architecture="UNet",
        classes=training_set.classes,
        width=config.width,
        depth=config.depth,
        pixel_size_um=training_set.pixel_size_um,
        training_set=training_set.name,
        training_set_sha256=training_set.content_sha256,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        scores=dict(scores),
    )
    store.write(f"models/{name}/model.safetensors", weights)
    store.write(f"models/{name}/model.json", info.encode())


def read_model_info(store: Store, name: str) -> ModelInfo:
    """The description of a model. Raises NotFoundError when there is no such model."""
    key = f"models/{name}/model.json"
    if not store.exists(key):
        have = ", ".join(n for n in store.names("models")) or "none yet"
        raise NotFoundError(f"There is no model '{name}' in this project; it has: {have}.")
    return ModelInfo.decode(store.read(key), key)


def load_network(store: Store, info: ModelInfo) -> UNet:
    """The network with its weights. Raises TrainingError when the weights are broken or of another network."""
    weights = store.read(f"models/{info.name}/model.safetensors")
    if hashlib.sha256(weights).hexdigest() != info.weights_sha256:
        raise TrainingError(f"The weights of model '{info.name}' are not those that were saved: train it again.")
    net = UNet(len(info.classes), info.width, info.depth)
    try:
        net.load_state_dict(load_safetensors(weights))
    except (SafetensorError, RuntimeError) as error:
        raise TrainingError(f"The weights of model '{info.name}' do not fit a {info.architecture}: {error}") from error
    return on_best_device(net)[0]
