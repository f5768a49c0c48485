/** Which labels lie under a point. */

import { contains, distance, type Point } from '../geometry';
import { positionOf, ringsOf } from '../shape';
import type { Bench } from './tool';

/** From the highest to the lowest; the topmost is read off the raster, however many labels there are. */
export function labelsAt(bench: Bench, at: Point): number[] {
  const { tile } = bench;
  const top = tile.raster.at(at[0], at[1]);
  const found = tile
    .inOrder()
    .reverse()
    .filter(row => {
      const position = positionOf(row);
      if (position) {
        return distance(position, at) <= bench.reach;
      }
      if (row.id === top || !row.bounds) {
        return row.id === top;
      }
      const [x, y, w, h] = row.bounds;
      const outside = at[0] < x || at[1] < y || at[0] > x + w || at[1] > y + h;
      const rings = outside ? null : (ringsOf(row) ?? bench.outlineOf(row.id));
      return rings !== null && contains(rings, at);
    })
    .map(({ id }) => id);
  return found.filter(id => bench.seen(id));
}
