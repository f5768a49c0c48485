/** The handles of a chosen label: its corners, the middles of its sides, or the corners of its box. */

import {
  distance,
  nearestOnSegment,
  pointsOf,
  ringOf,
  type Point,
  type Ring
} from '../geometry';
import type { Row } from '../answers';
import type { OpBody } from '../ops';
import { QUANTUM } from '../geometry';

export type Grip =
  | { readonly kind: 'corner'; readonly ring: number; readonly index: number }
  /** On a side, before the corner `index`: a new corner. */
  | { readonly kind: 'side'; readonly ring: number; readonly index: number }
  /** A corner of the bounding box: 0 top left, then clockwise. */
  | { readonly kind: 'box'; readonly index: 0 | 1 | 2 | 3 };

/** The corner or side of an outline that a point is on. */
export function gripAt(
  rings: readonly Ring[],
  at: Point,
  reach: number
): Grip | null {
  let best: Grip | null = null;
  let near = reach;
  for (const [ring, flat] of rings.entries()) {
    for (const [index, corner] of pointsOf(flat).entries()) {
      const away = distance(corner, at);
      if (away <= near) {
        near = away;
        best = { kind: 'corner', ring, index };
      }
    }
  }
  return best ?? sideAt(rings, at, reach * 0.6);
}

function sideAt(rings: readonly Ring[], at: Point, reach: number): Grip | null {
  let best: Grip | null = null;
  let near = reach;
  for (const [ring, flat] of rings.entries()) {
    const corners = pointsOf(flat);
    for (const [index, corner] of corners.entries()) {
      const before = corners.at(index - 1) ?? corner;
      const away = distance(nearestOnSegment(at, before, corner), at);
      if (away <= near) {
        near = away;
        best = { kind: 'side', ring, index };
      }
    }
  }
  return best;
}

/** The outline with a corner moved or inserted. */
export function dragged(
  rings: readonly Ring[],
  grip: Grip,
  to: Point
): readonly Ring[] {
  if (grip.kind === 'box') {
    return rings;
  }
  return rings.map((flat, ring) => {
    if (ring !== grip.ring) {
      return flat;
    }
    const corners = pointsOf(flat);
    corners.splice(grip.index, grip.kind === 'corner' ? 1 : 0, to);
    return ringOf(corners);
  });
}

/** Where a bounding box (x, y, width, height) is after its corner was pulled to a point. */
export function resized(
  [x, y, width, height]: readonly [number, number, number, number],
  index: 0 | 1 | 2 | 3,
  [px, py]: Point
): { x0: number; y0: number; x1: number; y1: number } {
  const left = index === 0 || index === 3;
  const top = index < 2;
  const [l, r] = left ? [px, x + width] : [x, px];
  const [t, b] = top ? [py, y + height] : [y, py];
  return {
    x0: Math.min(l, r),
    y0: Math.min(t, b),
    x1: Math.max(l, r),
    y1: Math.max(t, b)
  };
}

/** The box that a label is stretched by: exact for boxes and ellipses, whole pixels for others. */
export function boxOf(row: Row): [number, number, number, number] | null {
  const shape = row.shape as {
    centre?: { x: number; y: number };
    size?: { x: number; y: number };
    radius1?: number;
    radius2?: number;
  } | null;
  const { centre, size, radius1, radius2 } = shape ?? {};
  if (centre && size) {
    return [centre.x - size.x / 2, centre.y - size.y / 2, size.x, size.y];
  }
  if (centre && radius1 !== undefined && radius2 !== undefined) {
    return [centre.x - radius1, centre.y - radius2, 2 * radius1, 2 * radius2];
  }
  return row.bounds && [...row.bounds];
}

/** The op that moves or inserts a corner, or stretches a label. */
export function opOf(row: Row, grip: Grip, to: Point): OpBody | null {
  const [x, y] = to.map(value => Math.round(value * QUANTUM)) as [
    number,
    number
  ];
  if (grip.kind !== 'box') {
    const action = grip.kind === 'corner' ? 'move' : 'insert';
    const { ring, index } = grip;
    return { op: 'vertex', id: row.id, action, ring, index, x, y };
  }
  const box = boxOf(row);
  if (!box) {
    return null;
  }
  const { x0, y0, x1, y1 } = resized(box, grip.index, to);
  const sub = (value: number) => Math.round(value * QUANTUM);
  return {
    op: 'resize',
    id: row.id,
    x0: sub(x0),
    y0: sub(y0),
    x1: Math.max(sub(x1), sub(x0) + 1),
    y1: Math.max(sub(y1), sub(y0) + 1)
  };
}
