/** Outlines of a mask, half-way between pixel centres; filling them by the even-odd rule gives the mask back. */

import type { Ring } from './geometry';
import { has, type Mask } from './mask';

/** A corner of the outline lies on the middle of a side of a square whose corners are four pixel centres. */
type Side = 'n' | 'e' | 's' | 'w';
type Way = readonly [from: Side, to: Side];

/** By which of the corners (1 nw, 2 ne, 4 se, 8 sw) are in the mask; the mask stays on the left hand. */
const WAYS: readonly (readonly Way[])[] = [
  [],
  [['n', 'w']],
  [['e', 'n']],
  [['e', 'w']],
  [['s', 'e']],
  [
    ['n', 'w'],
    ['s', 'e']
  ],
  [['s', 'n']],
  [['s', 'w']],
  [['w', 's']],
  [['n', 's']],
  [
    ['e', 'n'],
    ['w', 's']
  ],
  [['e', 's']],
  [['w', 'e']],
  [['n', 'e']],
  [['w', 'n']],
  []
];
const OFFSET: Readonly<Record<Side, readonly [number, number]>> = {
  n: [0.5, 0],
  e: [1, 0.5],
  s: [0.5, 1],
  w: [0, 0.5]
};

export function outlines(mask: Mask): Ring[] {
  const rings: Ring[] = [];
  const next = links(mask);
  for (const [start] of next) {
    const ring: number[] = [];
    for (let to = next.get(start); to; to = next.get(to.key)) {
      ring.push(to.x, to.y);
      next.delete(to.from);
    }
    if (ring.length) {
      rings.push(withoutCollinear(ring));
    }
  }
  return rings;
}

interface Link {
  readonly from: string;
  readonly x: number;
  readonly y: number;
  readonly key: string;
}

/** From each corner of the outline to the next one. */
function links(mask: Mask): Map<string, Link> {
  const next = new Map<string, Link>();
  for (let row = -1; row < mask.height; row++) {
    for (let col = -1; col < mask.width; col++) {
      const [x, y] = [mask.x + col, mask.y + row];
      const kind =
        Number(has(mask, x, y)) +
        2 * Number(has(mask, x + 1, y)) +
        4 * Number(has(mask, x + 1, y + 1)) +
        8 * Number(has(mask, x, y + 1));
      for (const [from, to] of WAYS[kind] ?? []) {
        const start = corner(x, y, from).key;
        next.set(start, { from: start, ...corner(x, y, to) });
      }
    }
  }
  return next;
}

function corner(x: number, y: number, side: Side): Omit<Link, 'from'> {
  const [dx, dy] = OFFSET[side];
  const place = { x: x + 0.5 + dx, y: y + 0.5 + dy };
  return { ...place, key: `${place.x},${place.y}` };
}

function withoutCollinear(ring: readonly number[]): Ring {
  const n = ring.length / 2;
  const point = (i: number) => {
    const at = ((i + n) % n) * 2;
    return [ring[at] ?? 0, ring[at + 1] ?? 0] as const;
  };
  const kept: number[] = [];
  for (let i = 0; i < n; i++) {
    const [[ax, ay], [bx, by], [cx, cy]] = [
      point(i - 1),
      point(i),
      point(i + 1)
    ];
    if ((bx - ax) * (cy - by) !== (by - ay) * (cx - bx)) {
      kept.push(bx, by);
    }
  }
  return kept;
}
