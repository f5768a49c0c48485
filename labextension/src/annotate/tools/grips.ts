/** Shows the handles of the one label that is chosen, and finds them under the pointer. */

import { distance, pointsOf, type Point, type Ring } from '../geometry';
import type { Viewport } from '../viewport';
import { boxOf, gripAt, type Grip } from './handles';
import { handle } from './marks';
import type { Bench } from './tool';

/** Outlines with more corners show only the one that the pointer is on. */
const MANY = 400;
/** Handles that are closer than this, in CSS pixels, would hide the outline; they can be pulled all the same. */
const APART = 10;

export class Grips {
  constructor(private readonly bench: Bench) {}

  /** The label, when exactly one is chosen. */
  get single(): number | null {
    const { selection } = this.bench;
    return selection.size === 1 ? ([...selection][0] ?? null) : null;
  }

  private corners(id: number): Point[] {
    const row = this.bench.tile.rows.get(id);
    const { rings, box } = this.handlesOf(id);
    if (row && box) {
      const [x, y, w, h] = box;
      return [
        [x, y],
        [x + w, y],
        [x + w, y + h],
        [x, y + h]
      ];
    }
    return rings.flatMap(ring => pointsOf(ring));
  }

  /** Polygons are pulled by their corners, everything else by its box. */
  private handlesOf(id: number): {
    rings: readonly Ring[];
    box: [number, number, number, number] | null;
  } {
    const row = this.bench.tile.rows.get(id);
    if (row?.kind === 'polygon') {
      return { rings: this.bench.outlineOf(id) ?? [], box: null };
    }
    return { rings: [], box: row && row.kind !== 'point' ? boxOf(row) : null };
  }

  under(at: Point): { id: number; grip: Grip } | null {
    const id = this.single;
    if (id === null) {
      return null;
    }
    const { rings, box } = this.handlesOf(id);
    if (!box) {
      const grip = gripAt(rings, at, this.bench.reach);
      return grip && { id, grip };
    }
    const corners = this.corners(id);
    const index = ([0, 1, 2, 3] as const).find(i => {
      const corner = corners[i];
      return corner && distance(corner, at) <= this.bench.reach;
    });
    return index === undefined ? null : { id, grip: { kind: 'box', index } };
  }

  paint(
    context: CanvasRenderingContext2D,
    viewport: Viewport,
    hot: Grip | null,
    pointer: Point | null
  ): void {
    const id = this.single;
    const corners = id === null ? [] : this.corners(id);
    if (corners.length <= MANY) {
      let last: Point | null = null;
      for (const corner of corners) {
        const at = viewport.toScreen(corner);
        if (!last || distance(last, at) >= APART) {
          handle(context, at);
          last = at;
        }
      }
    }
    if (hot && pointer) {
      const near = corners.reduce<Point>(
        (best, corner) =>
          distance(corner, pointer) < distance(best, pointer) ? corner : best,
        hot.kind === 'side' ? pointer : [Infinity, Infinity]
      );
      handle(
        context,
        viewport.toScreen(hot.kind === 'side' ? pointer : near),
        true
      );
    }
  }
}
