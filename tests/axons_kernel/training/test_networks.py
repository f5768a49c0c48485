"""Networks by name: they take and give what the spec says, learn with every weight, and refuse what does not fit."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from axons_kernel.errors import InputError
from axons_kernel.training.architectures import ARCHITECTURES
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.networks import Network, NetworkSpec, build, describe_networks
from axons_kernel.training.unet import UNet

NAMES = list(ARCHITECTURES)


def small(
    architecture: str, channels: int = 2, classes: int = 2, border: bool = False, refine: bool = False
) -> Network:
    torch.manual_seed(0)
    depth = ARCHITECTURES[architecture].depths[0]
    spec = NetworkSpec(
        architecture=architecture,
        channels=channels,
        classes=classes,
        width=8,
        depth=depth,
        border=border,
        refine=refine,
    )
    return build(spec)


@pytest.mark.parametrize("architecture", NAMES)
def test_shape_and_every_weight_learns(architecture: str) -> None:
    net = small(architecture, border=True, refine=architecture == "unet")
    scores = net(torch.randn(2, 2, 2 * net.divisor, 3 * net.divisor))
    assert scores.shape == (2, 4, 2 * net.divisor, 3 * net.divisor)
    (scores * torch.randn_like(scores)).sum().backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize("architecture", NAMES)
def test_the_divisor_is_what_the_network_needs(architecture: str) -> None:
    net = small(architecture)
    assert net.divisor == net.spec.divisor == 2**net.spec.depth
    with pytest.raises(InputError, match=rf"must be multiples of {net.divisor}, and .* pad it to "):
        net(torch.zeros(1, 2, net.divisor // 2, net.divisor))


def test_what_does_not_fit_is_told_with_what_would() -> None:
    net = small("unet")
    with pytest.raises(InputError, match="multiples of 4, and 30 x 17 was given: pad it to 32 x 20"):
        net(torch.zeros(1, 2, 30, 17))
    with pytest.raises(InputError, match=r"images of 2 channels, and was given 1 \(batch 1 x 1 x 8 x 8\)"):
        net(torch.zeros(1, 1, 8, 8))
    with pytest.raises(InputError, match=r"takes a batch \(N, 2, H, W\), and was given 8 x 8: add the missing axes"):
        net(torch.zeros(8, 8))


def test_weights_of_older_models_fit() -> None:
    torch.manual_seed(1)
    old = UNet(2, 8, 2, 2, refine=False).eval()  # as it was then
    net = small("unet").eval()
    net.load_state_dict(old.state_dict())
    x = torch.randn(1, 2, 16, 16)
    with torch.no_grad():
        assert torch.equal(net(x), old(x))
    again = small("unet").eval()
    again.load_state_dict(net.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_a_new_training_refines_and_an_old_description_does_not() -> None:
    spec = TrainingConfig(width=8).network(2)
    assert spec.refine and build(spec).net.refine is not None
    old = spec.model_dump(exclude={"refine"})
    assert build(NetworkSpec.model_validate(old)).net.refine is None
    assert not TrainingConfig(architecture="residual_unet").network(2).refine


def test_weights_of_another_network_do_not_fit() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        small("unet").load_state_dict(small("unet", classes=5).state_dict())


def test_specs() -> None:
    spec = NetworkSpec(classes=2)
    assert NetworkSpec.model_validate(spec.model_dump()) == spec
    assert str(spec) == "U-Net of width 32, 4 levels, 1 in, 3 out"
    with pytest.raises(ValidationError, match="architecture 'x' is unknown; allowed: unet, basic_unet"):
        NetworkSpec(architecture="x", classes=1)
    with pytest.raises(InputError, match="No such network: depth=3 does not fit a basic U-Net; allowed: 4"):
        build(NetworkSpec(architecture="basic_unet", classes=1, depth=3))


def test_describe_names_them_all() -> None:
    assert repr(describe_networks()) == describe_networks()
    lines = describe_networks().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all("arXiv" in line or "doi" in line for line in lines)
