/** What is drawn over every picture: the outlines of the chosen labels, and point labels. */

import { positionOf } from './shape';
import { colourOf, cssOf } from './stage/palette';
import { cross, pathOf, strokeTwice } from './tools/marks';
import type { Viewport } from './viewport';
import type { Workbench } from './workbench';

/** Of more labels than this, only the boxes are drawn. */
const MANY = 300;

export function paintMarks(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  bench: Workbench
): void {
  paintPoints(context, viewport, bench);
  const outlined = bench.selection.size <= MANY;
  for (const row of bench.chosen) {
    const [x = 0, y = 0, w = 0, h = 0] = row.bounds ?? [];
    if (row.bounds && bench.seen(row.id)) {
      const rings = outlined
        ? bench.contours.seen(row.id)
        : [[x, y, x + w, y, x + w, y + h, x, y + h]];
      strokeTwice(context, pathOf(rings, viewport));
    }
  }
}

function paintPoints(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  bench: Workbench
): void {
  const { tile, state } = bench.annotator;
  const { scheme } = bench.picture.labelLook;
  for (const row of tile?.rows.values() ?? []) {
    const at = positionOf(row);
    if (at && bench.seen(row.id)) {
      const colour = colourOf(state?.classes ?? [], row.label_class, scheme);
      const chosen = bench.selection.has(row.id);
      cross(context, viewport.toScreen(at), cssOf(colour), chosen);
    }
  }
}
