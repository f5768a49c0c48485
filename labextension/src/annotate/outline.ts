/** Outlines of a mask, half-way between pixel centres; filling them by the even-odd rule gives the mask back. */

import type { Ring } from './geometry';
import type { Mask } from './mask';

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
/** In half pixels from the upper left of the four centres. */
const OFFSET: Readonly<Record<Side, readonly [number, number]>> = {
  n: [1, 0],
  e: [2, 1],
  s: [1, 2],
  w: [0, 1]
};

export function outlines(mask: Mask): Ring[] {
  const rings: Ring[] = [];
  // Corners lie on a grid of half pixels; they are numbered row by row.
  const columns = 2 * (mask.width + 2);
  const next = links(mask, columns);
  for (const [start] of next) {
    const ring: number[] = [];
    let at = start;
    for (let to = next.get(at); to !== undefined; to = next.get(at)) {
      next.delete(at);
      ring.push(
        mask.x + ((to % columns) - 1) / 2,
        mask.y + (Math.floor(to / columns) - 1) / 2
      );
      at = to;
    }
    if (ring.length) {
      rings.push(withoutCollinear(ring));
    }
  }
  return rings;
}

/** From each corner of the outline to the next one. */
function links(mask: Mask, columns: number): Map<number, number> {
  const next = new Map<number, number>();
  const stride = mask.width + 2;
  const bits = padded(mask);
  for (let row = 0; row <= mask.height; row++) {
    for (let col = 0; col <= mask.width; col++) {
      const i = row * stride + col;
      const kind =
        (bits[i] ?? 0) +
        2 * (bits[i + 1] ?? 0) +
        4 * (bits[i + stride + 1] ?? 0) +
        8 * (bits[i + stride] ?? 0);
      if (kind === 0 || kind === 15) {
        continue;
      }
      const corner = (side: Side) =>
        (2 * row + OFFSET[side][1]) * columns + 2 * col + OFFSET[side][0];
      for (const [from, to] of WAYS[kind] ?? []) {
        next.set(corner(from), corner(to));
      }
    }
  }
  return next;
}

/** The bits with a pixel of nothing around them. */
function padded({ width, height, bits }: Mask): Uint8Array {
  const made = new Uint8Array((width + 2) * (height + 2));
  for (let row = 0; row < height; row++) {
    const line = bits.subarray(row * width, (row + 1) * width);
    made.set(line, (row + 1) * (width + 2) + 1);
  }
  return made;
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
