"""Models that nobody trained, whose answers vary over an image as those of a trained one do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from safetensors.torch import save

from axons_kernel.model_files import ModelInfo, store_model
from axons_kernel.project import Project
from axons_kernel.training.networks import Network, NetworkSpec, build


def lively(spec: NetworkSpec, seed: int = 0) -> Network:
    """A network with random weights and statistics, whose scores are far from each other."""
    torch.manual_seed(seed)
    net = build(spec).train()
    noise = torch.randn(4, spec.channels, 64, 64)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0  # their statistics become those of the noise
    net(noise)
    net.eval()
    head: Any = net.net.head
    with torch.no_grad():
        more = 3 / net(noise).std(dim=(0, 2, 3))
        head.weight *= more[:, None, None, None]
        head.bias *= more
        head.bias -= net(noise).mean(dim=(0, 2, 3))
    return net


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are quicker in one thread, above all where other processes want the cores, too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def add_model() -> Callable[..., ModelInfo]:
    """add_model(project, name="m", ...) stores a model with the classes of the keywords, and returns it."""

    def add(
        project: Project,
        name: str = "m",
        *,
        pixel_size_um: float = 0.1,
        classes: tuple[str, ...] = ("axon", "myelin"),
        channels: tuple[str, ...] = ("grey",),
        seed: int = 0,
        **network: Any,
    ) -> ModelInfo:
        numbers = {"width": 4, "depth": 2, **network}
        spec = NetworkSpec(classes=len(classes), channels=len(channels), **numbers)
        net = lively(spec, seed)
        weights = save({key: values.contiguous() for key, values in net.state_dict().items()})
        info = ModelInfo(
            name=name,
            classes=classes,
            network=spec,
            channels=channels,
            pixel_size_um=pixel_size_um,
            training_set="",
            training_set_sha256="",
            weights_sha256=hashlib.sha256(weights).hexdigest(),
            scores={},
        )
        store_model(project.store, info, weights)
        return info

    return add


@pytest.fixture
def lively_network() -> Callable[..., Network]:
    """lively_network(classes=2, width=4, depth=2, ...)."""

    def make(seed: int = 0, **numbers: Any) -> Network:
        return lively(NetworkSpec(**{"classes": 2, "width": 4, "depth": 2, **numbers}), seed)

    return make
