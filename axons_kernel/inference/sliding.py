"""Prediction of a whole image: tile, predict, stitch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from ..stitching import stitched
from ..tiling import Tile, tile_grid
from ..training.data import LabelledTile, pad_to
from ..training.unet import UNet


@torch.inference_mode()
def predict_probabilities(
    net: UNet,
    pixels: NDArray[np.float32],
    *,
    size: int = 512,
    overlap: int = 64,
    on_tile: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float32]:
    """Probability per class and pixel.

    Shape: `pixels` (H, W) with mean 0 and deviation 1, at the model's pixel size; returns (classes + 1, H, W)
    float32 that sums to 1 over the classes. Tiles of `size` pixels overlap by `overlap` and are blended.
    `on_tile(done, total)` is called after each tile.
    """
    net.eval()
    device = next(net.parameters()).device
    shape = (pixels.shape[0], pixels.shape[1])
    tiles = tile_grid(shape, size, overlap)

    def pieces() -> Iterator[tuple[Tile, NDArray[np.float32]]]:
        for done, tile in enumerate(tiles, start=1):
            cut = tile.cut(pixels)
            padded = pad_to(LabelledTile(cut, np.zeros(cut.shape, np.uint8)), 1, net.divisor).pixels
            scores = net(torch.from_numpy(padded)[None, None].to(device, memory_format=torch.channels_last))
            values = scores.softmax(dim=1)[0, :, : tile.height, : tile.width]
            yield tile, values.permute(1, 2, 0).cpu().numpy()  # (h, w, classes + 1)
            on_tile(done, len(tiles))

    probabilities = stitched(pieces(), tiles, shape)
    return np.ascontiguousarray(np.moveaxis(np.atleast_3d(probabilities), 2, 0))
