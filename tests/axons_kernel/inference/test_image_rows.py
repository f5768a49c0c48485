"""From the model's pixels to the image's, and from probabilities to classes."""

from __future__ import annotations

import numpy as np
import pytest

from axons_kernel.inference import image_rows
from axons_kernel.inference.image_rows import ImageRows, classified
from axons_kernel.resampling import resample, resampled_window
from axons_kernel.tiling import Tile

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("image", [(77, 53), (100, 69), (154, 106), (301, 222), (20, 14), (1, 1)])
@pytest.mark.parametrize("rows", [1, 7, 30, 77])
def test_rows_come_out_the_same_however_they_come_in(
    image: tuple[int, int], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_rows, "_MOST_BYTES", 4000)
    values = RNG.random((2, 77, 53), np.float32)
    down, across = 77 / image[0], 53 / image[1]
    expected = (
        values
        if image == (77, 53)
        else resampled_window(
            lambda t: values[:, t.y : t.y + t.height, t.x : t.x + t.width],
            (77, 53),
            (down, across),
            Tile(0, 0, image[1], image[0]),
        )
    )
    taken = ImageRows((77, 53), image)
    found = []
    for top in range(0, 77, rows):
        for at, part in taken.push(values[:, top : top + rows]):
            assert at == sum(p.shape[1] for p in found)
            found.append(part)
        # what is kept is enough to go on
        taken = ImageRows((77, 53), image, next_row=taken.next_row, held_top=taken.held_top, held=taken.held)
        assert taken.held is None or taken.held.shape[1] <= 2 * max(1, down) + 2
    np.testing.assert_array_equal(np.concatenate(found, axis=1), expected)


def test_values_stay_where_they_are() -> None:
    smooth = resample(RNG.random((9, 9), np.float32), (90, 90))
    for shape in ((45, 45), (180, 200)):
        (_, out), *more = ImageRows((90, 90), shape).push(smooth[None])
        assert not more
        assert np.abs(out[0] - resample(smooth, shape)).max() < 0.05


def test_the_likeliest_class_is_taken_and_of_equals_the_first() -> None:
    values = np.float32([[0.5, 0.2, 0.4, 0.2], [0.3, 0.2, 0.4, 0.2], [0.2, 0.6, 0.2, 0.6]]).reshape(3, 1, 4)
    planes = classified(values, 2, probabilities=True)
    assert planes["mask"].tolist() == [[0, 2, 0, 2]]
    assert planes["confidence"].tolist() == [[128, 153, 102, 153]]
    assert planes["probability"].shape == (3, 1, 4) and planes["probability"].dtype == np.uint8
    assert planes["probability"][2, 0].tolist() == [51, 153, 51, 153]
    assert set(classified(values, 2, probabilities=False)) == {"mask", "confidence"}


def test_a_border_is_background_and_is_kept() -> None:
    # background (with the border in it), one class, border
    values = np.float32([[0.9, 0.6, 0.2], [0.1, 0.4, 0.8], [0.8, 0.3, 0.1]]).reshape(3, 1, 3)
    planes = classified(values, 1, probabilities=True)
    assert planes["mask"].tolist() == [[0, 0, 1]] and planes["border"].tolist() == [[0, 0, 0]]
    values[2, 0, 0] = 0.9
    assert classified(values, 1, probabilities=True)["border"].tolist() == [[1, 0, 0]]
    assert classified(values, 1, probabilities=True)["probability"].shape[0] == 2
