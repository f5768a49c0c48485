"""The findings of a comparison as an RGBA raster, for a feedback layer or a figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .findings import COLOURS, TOLERANCE_PX, Kind, Outlines
from .matching import Matching

FILL_ALPHA, STRIPE_ALPHA = 150, 60  # of 255
STRIPE_PX = 4
# Green and purple are grey to some eyes, so these areas are striped, too: (steps in y, in x) across the stripes.
STRIPES: dict[Kind, tuple[int, int]] = {"wrong class": (1, 1), "merged": (1, 0)}


def raster(
    annotated: NDArray[np.int32],
    reference: NDArray[np.int32],
    matching: Matching,
    pairs: Outlines,
    *,
    origin: tuple[int, int] = (0, 0),
    tolerance_px: float = TOLERANCE_PX,
) -> NDArray[np.uint8]:
    """The findings painted over a window whose left top pixel is `origin` (x, y).

    Shape: the windows of the two instance masks, (h, w) -> (h, w, 4) uint8 red, green, blue, alpha; transparent where
    nothing is wrong, opaque along the edges.
    """
    code_a = np.zeros(matching.found.size, np.uint8)
    code_r = np.zeros(matching.known.size, np.uint8)
    for code, kind in enumerate(COLOURS, start=1):  # where two meet, the later kind shows
        code_a[matching.found == kind] = code_r[matching.known == kind] = code
    code_a[matching.found == "split"] = code_r[matching.known == "merged"] = 0  # the whole is painted, not its parts
    codes = np.maximum(code_a[annotated], code_r[reference])

    flagged = pairs.flagged(tolerance_px)
    mine, theirs = pairs.annotated[flagged], pairs.reference[flagged]
    back = np.zeros(matching.found.size, np.int32)  # of an annotated object in a pair, the reference's
    back[mine] = theirs
    partner = np.zeros(matching.known.size, np.int32)
    partner[theirs] = mine
    free = np.nonzero(((back > 0)[annotated] | (partner > 0)[reference]) & (codes == 0))
    a, r = annotated[free], reference[free]
    narrow, wide = (partner[r] > 0) & (partner[r] != a), (back[a] > 0) & (back[a] != r)
    codes[free] = np.where(wide, 2, narrow)  # the first two of COLOURS
    return _coloured(codes, origin)


def _coloured(codes: NDArray[np.uint8], origin: tuple[int, int]) -> NDArray[np.uint8]:
    """RGBA of the codes of COLOURS (0: transparent), opaque where an area meets another one."""
    alpha = np.where(codes > 0, FILL_ALPHA, 0).astype(np.uint8)
    kinds = list(COLOURS)
    for kind, (down, right) in STRIPES.items():
        rows, cols = np.nonzero(codes == kinds.index(kind) + 1)
        across = (rows + origin[1]) * down + (cols + origin[0]) * right
        gap = across // STRIPE_PX % 2 == 1
        alpha[rows[gap], cols[gap]] = STRIPE_ALPHA
    for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differs = codes[here] != codes[there]
        for side in (here, there):
            alpha[side][differs & (codes[side] > 0)] = 255
    palette = np.array([(0, 0, 0), *COLOURS.values()], np.uint8)
    return np.concatenate([palette[codes], alpha[..., None]], axis=-1)
