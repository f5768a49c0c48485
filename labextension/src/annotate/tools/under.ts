/** Which labels lie under a point. */

import { contains, distance, type Point } from '../geometry';
import { positionOf, ringsOf } from '../shape';
import type { Bench } from './tool';

/** The topmost label: read off the raster, however many labels there are; 0 for none. */
export function topmostAt(bench: Bench, at: Point): number {
  const { tile } = bench;
  for (const row of tile.rows.values()) {
    const position = positionOf(row);
    if (
      position &&
      distance(position, at) <= bench.reach &&
      bench.seen(row.id)
    ) {
      return row.id;
    }
  }
  const top = tile.raster.at(at[0], at[1]);
  return bench.seen(top) ? top : 0;
}

/** From the highest to the lowest; outlines of what lies below are asked for. */
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
