"""Objects of masks: the same as the library's own way to labels, by number and by pixel, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from axons_kernel.formats.objects import objects_of_mask, rings_of_instances
from axons_kernel.formats.values import FileIds
from axons_kernel.rasterize import fill_rings, mask_to_labels

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))


@given(masks)
def test_objects_are_those_of_the_library(mask: NDArray[np.bool_]) -> None:
    found = objects_of_mask(mask, "axon", "mask", FileIds(b""))
    assert [label.rings() for label in found] == [
        label.rings() for label in mask_to_labels(mask, "axon", source="mask")
    ]
    assert len({label.object_id for label in found}) == len(found)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int32, np.int64])
@given(data=st.data())
def test_instances_by_number(dtype: type, data: st.DataObject) -> None:
    info = np.iinfo(dtype)
    numbers = st.sampled_from([0, 1, 5, 100, int(info.max), max(int(info.min), -3)])
    instances = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=numbers))
    height, width = instances.shape
    drawn = np.zeros(instances.shape, np.int64)
    for number, rings in rings_of_instances(instances):
        drawn[fill_rings(rings, (0, 0, width, height))] = number
    np.testing.assert_array_equal(drawn, np.maximum(instances.astype(np.int64), 0))


MEASURE = """
import io
import numpy as np
from axons_kernel.formats import instance_tiff, objects
from axons_kernel.formats.values import FileIds, Hints

mask = np.zeros((6144, 6144), bool)
for n in range(10, 6000, 100):
    mask[n : n + 60, n : n + 60] = True
before = peak_mib()
found = objects.objects_of_mask(mask, "axon", "mask", FileIds(b""))
after = peak_mib()
print(len(found), after - before)
"""


def test_a_large_mask_needs_four_bytes_per_pixel(measured: Callable[..., list[str]]) -> None:
    count, grown_mib = map(float, measured(MEASURE))
    assert count == 60 and grown_mib < 36 * 4 + 60  # the mask has 36 MiB
