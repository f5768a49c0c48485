"""Models on disk: weights as safetensors (plain numbers, nothing that runs) and a JSON that says what they are."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, Field, ValidationInfo, model_validator
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from .documents import Document
from .errors import NotFoundError, TrainingError
from .storage import Store
from .training.architectures import NetworkSpec
from .training.networks import Network, build, on_best_device

if TYPE_CHECKING:
    from .training.config import TrainingConfig
    from .training_sets.training_set import TrainingSet

_PICKLE_STARTS = (b"PK\x03\x04", b"\x80", b"\x1f\x8b")  # torch.save's archive, a bare pickle, a compressed one


class ModelInfo(Document):
    """models/<name>/model.json. `scores` are those of the epoch that the weights come from.

    `channels` are those of an image that the network sees. `training_set` is empty when it has learned elsewhere.
    """

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())
    kind: ClassVar[str] = "model"
    name: str
    classes: tuple[str, ...]
    network: NetworkSpec
    channels: tuple[str, ...] = ("grey",)
    pixel_size_um: float = Field(gt=0)
    training_set: str
    training_set_sha256: str
    weights_sha256: str
    scores: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, content: Any, _: ValidationInfo) -> Any:
        """They had one architecture, and its numbers beside the others."""
        if isinstance(content, dict) and "network" not in content and {"width", "depth", "classes"} <= set(content):
            content = dict(content)
            width, depth = content.pop("width"), content.pop("depth")
            content.pop("architecture", None)
            content["network"] = {"classes": len(content["classes"]), "width": width, "depth": depth}
        return content

    @model_validator(mode="after")
    def _fits(self) -> ModelInfo:
        for what, names, count in (
            ("classes", self.classes, self.network.classes),
            ("channels", self.channels, self.network.channels),
        ):
            if len(names) != count:
                raise ValueError(f"it names {len(names)} {what}, and its network has {count}")
        return self


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
        classes=training_set.classes,
        network=config.network(len(training_set.classes), len(training_set.channels)),
        channels=training_set.channels,
        pixel_size_um=training_set.pixel_size_um,
        training_set=training_set.name,
        training_set_sha256=training_set.content_sha256,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        scores=dict(scores),
    )
    store_model(store, info, weights)


def store_model(store: Store, info: ModelInfo, weights: bytes) -> None:
    """Write the weights, then the description that makes them a model."""
    store.write(f"models/{info.name}/model.safetensors", weights)
    store.write(f"models/{info.name}/model.json", info.encode())


def read_model_info(store: Store, name: str) -> ModelInfo:
    """The description of a model. Raises NotFoundError when there is no such model."""
    key = f"models/{name}/model.json"
    if not store.exists(key):
        have = ", ".join(n for n in store.names("models")) or "none yet"
        raise NotFoundError(f"There is no model '{name}' in this project; it has: {have}.")
    return ModelInfo.decode(store.read(key), key)


def read_weights(store: Store, info: ModelInfo) -> bytes:
    """The bytes of a model's weights. Raises TrainingError when they are not those that were saved."""
    weights = store.read(f"models/{info.name}/model.safetensors")
    if hashlib.sha256(weights).hexdigest() != info.weights_sha256:
        raise TrainingError(
            f"The weights of model '{info.name}' are not those that were saved: train it, or import it, again."
        )
    return weights


def load_network(store: Store, info: ModelInfo) -> Network:
    """The network with its weights. Raises TrainingError when the weights are broken or of another network."""
    return on_best_device(network_of(info, read_weights(store, info)))[0]


_CACHE: OrderedDict[str, Network] = OrderedDict()
_CACHE_LOCK = threading.Lock()
_CACHED = 4  # networks; ours of width 32 has 30 MB


def cached_network(store: Store, info: ModelInfo) -> Network:
    """As `load_network`, from memory when the same weights were asked for before. Nobody may change it."""
    key = f"{info.weights_sha256} {info.network.model_dump_json()} {','.join(info.classes)}"
    with _CACHE_LOCK:
        if key not in _CACHE:
            _CACHE[key] = load_network(store, info)
        _CACHE.move_to_end(key)
        while len(_CACHE) > _CACHED:
            _CACHE.popitem(last=False)
        return _CACHE[key]


def network_of(info: ModelInfo, weights: bytes) -> Network:
    """The network that `info` describes, with these weights, on the CPU. Raises TrainingError."""
    net = build(info.network)
    try:
        net.load_state_dict(tensors_of(weights, f"model '{info.name}'"))
    except RuntimeError as error:
        raise TrainingError(f"The weights of model '{info.name}' do not fit a {info.network}: {error}") from error
    return net.eval()


def tensors_of(weights: bytes, what: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file, which holds numbers and nothing that runs.

    Raises TrainingError for other bytes. A pickle, which runs code when it is opened, is never opened.
    """
    if weights.startswith(_PICKLE_STARTS):
        raise TrainingError(
            f"The weights of {what} are a pickle (as torch.save writes, .pt or .pth), which could run any program on "
            "this computer, so it was not opened: ask for them as safetensors, or convert them where you trust them: "
            "safetensors.torch.save_file(net.state_dict(), 'model.safetensors')."
        )
    try:
        tensors = load_safetensors(weights)
    except (SafetensorError, ValueError) as error:
        raise TrainingError(f"The weights of {what} are broken or no safetensors file: {error}") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise TrainingError(f"The weights of {what} hold NaN or infinite numbers in '{name}': train it again.")
    return tensors
