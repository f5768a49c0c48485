/** Shows a place that Python leads to: a tile, and a label on it. */

import type { Row } from './answers';
import { clamp } from './geometry';
import { reasonOf } from './requests';
import { positionOf } from './shape';
import { Viewport, type Place } from './viewport';
import type { Workbench } from './workbench';

/** The label takes this share of the stage. */
const SHARE = 0.3;
/** CSS pixels per image pixel at most. */
const CLOSEST = 8;

export function lead(
  bench: Workbench,
  tile: number,
  label: number | null
): void {
  const { annotator } = bench;
  let ready = Promise.resolve();
  if (annotator.state?.tile !== tile) {
    bench.tool.cancel?.();
    ready = annotator.open(tile);
  }
  ready
    .then(() => {
      lookAt(bench, label);
    })
    .catch((error: unknown) => {
      bench.say(reasonOf(error), true);
    });
}

/** Choose a label, and show it large. */
function lookAt(bench: Workbench, label: number | null): void {
  const row = bench.tile.rows.get(label ?? 0);
  const place = row && placeOf(row, bench.viewport);
  if (row && place) {
    bench.choose('pick');
    bench.select([row.id]);
    bench.stage.look(bench.viewport.at(place));
  }
}

/** Where the stage has to look to see a label well; null for one that has no place. */
export function placeOf(row: Row, { size, bounds }: Viewport): Place | null {
  const at = positionOf(row);
  const box = row.bounds ?? (at && ([at[0], at[1], 0, 0] as const));
  if (!box) {
    return null;
  }
  const [x, y, width, height] = box;
  const whole = Viewport.fit(bounds, size).place.scale;
  const close = SHARE * Math.min(size.width / width, size.height / height);
  return {
    x: x + width / 2,
    y: y + height / 2,
    scale: clamp(close, whole, Math.max(whole, CLOSEST))
  };
}
