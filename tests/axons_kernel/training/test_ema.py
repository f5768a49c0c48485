"""Averaged weights: slow, complete, and as they were after going on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from axons_kernel.training.ema import MovingAverage


def network(value: float) -> nn.Module:
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(net[0].weight, value)  # type: ignore[arg-type]
    net[1].running_mean.fill_(value)  # type: ignore[union-attr, operator]
    net[1].num_batches_tracked.fill_(int(value))  # type: ignore[union-attr, operator]
    return net


def test_moves_slowly_towards_the_network() -> None:
    average = MovingAverage(network(0), decay=0.5)
    average.update(network(8))
    assert float(average.net[0].weight) == pytest.approx(8 * 9 / 11)  # type: ignore[index]
    for _ in range(20):
        average.update(network(8))
    before = float(average.net[0].weight)  # type: ignore[index]
    average.update(network(4))
    assert float(average.net[0].weight) == pytest.approx((before + 4) / 2)  # type: ignore[index]
    assert float(average.net[1].running_mean) == float(average.net[0].weight)  # type: ignore[index]
    assert int(average.net[1].num_batches_tracked) == 4  # type: ignore[index]


def test_is_a_network_of_its_own() -> None:
    net = network(1)
    average = MovingAverage(net, decay=0.9)
    assert not average.net.training and not any(p.requires_grad for p in average.net.parameters())
    with torch.no_grad():
        net[0].weight.fill_(5)  # type: ignore[index, union-attr, operator]
    assert float(average.net[0].weight) == 1  # type: ignore[index]


def test_goes_on_as_it_was() -> None:
    first = MovingAverage(network(0), decay=0.9)
    first.update(network(1))
    second = MovingAverage(network(7), decay=0.9)
    second.load(first.state())
    for average in (first, second):
        average.update(network(3))
    assert float(first.net[0].weight) == float(second.net[0].weight)  # type: ignore[index]
