/**
 * Rings and strokes to pixels, as axons_kernel/widget/ink.py does it: in whole numbers of 1/16 pixel, so both give
 * the same pixels. tests/data/annotate/raster.json holds results that both sides must give.
 *
 * A pixel is inside a ring when its centre is, by the even-odd rule, and inside a stroke when its centre is at most
 * the radius away from the path.
 */

import { QUANTUM, unite, type Rect, type Ring } from './geometry';
import { emptyMask, type Mask } from './mask';

const HALF = QUANTUM / 2;
/** Longer parts of a stroke are cut, so that squares stay below 2**53. */
const LONGEST = 4096;

/** A point of a stroke: x, y and radius, whole numbers of 1/16 pixel. */
export type Dab = readonly [x: number, y: number, radius: number];

export function dab(x: number, y: number, radius: number): Dab {
  return [
    Math.round(x * QUANTUM),
    Math.round(y * QUANTUM),
    Math.max(1, Math.round(radius * QUANTUM))
  ];
}

/** Fills what of the rings lies in `window`; rings of fewer than three points fill nothing. */
export function fillRings(rings: readonly Ring[], window: Rect): Mask {
  const mask = emptyMask(window);
  for (const ring of rings) {
    if (ring.length >= 6) {
      toggleCrossings(mask, ring);
    }
  }
  for (let row = 0, i = 0; row < window.height; row++) {
    for (let col = 0, inside = 0; col < window.width; col++, i++) {
      inside ^= mask.bits[i] ?? 0;
      mask.bits[i] = inside;
    }
  }
  return mask;
}

function toggleCrossings(mask: Mask, ring: Ring): void {
  const x = (i: number) => Math.round(((ring[i] ?? 0) - mask.x) * QUANTUM);
  const y = (i: number) => Math.round(((ring[i + 1] ?? 0) - mask.y) * QUANTUM);
  let [px, py] = [x(ring.length - 2), y(ring.length - 2)];
  for (let i = 0; i + 1 < ring.length; i += 2) {
    const [qx, qy] = [x(i), y(i)];
    if (py < qy) {
      toggleEdge(mask, px, py, qx, qy);
    } else if (qy < py) {
      toggleEdge(mask, qx, qy, px, py);
    }
    [px, py] = [qx, qy];
  }
}

/** For each row that the edge crosses: the first pixel centre at or right of the crossing. `uy` < `ly`. */
function toggleEdge(
  { width, height, bits }: Mask,
  ux: number,
  uy: number,
  lx: number,
  ly: number
): void {
  const first = Math.max(0, Math.ceil((uy - HALF) / QUANTUM));
  const last = Math.min(height, Math.ceil((ly - HALF) / QUANTUM));
  const [run, fall] = [lx - ux, ly - uy];
  for (let row = first; row < last; row++) {
    const down = row * QUANTUM + HALF - uy;
    const col = ceilOf((ux - HALF) * fall + down * run, QUANTUM * fall);
    if (col < width) {
      const at = row * width + Math.max(col, 0);
      bits[at] = (bits[at] ?? 0) ^ 1;
    }
  }
}

/** The quotient of whole numbers, rounded up; exact where `/` alone would round. */
function ceilOf(a: number, b: number): number {
  const near = Math.ceil(a / b);
  if (near * b < a) {
    return near + 1;
  }
  return (near - 1) * b >= a ? near - 1 : near;
}

/** All pixels of a stroke inside `window`. */
export function fillStroke(dabs: readonly Dab[], window: Rect): Mask {
  const mask = emptyMask(window);
  dabs.forEach((point, i) => {
    sweep(mask, dabs[i - 1] ?? point, point);
  });
  return mask;
}

export function boundsOfStroke(dabs: readonly Dab[]): Rect | null {
  return dabs.reduce<Rect | null>(
    (box, point, i) => unite(box, reach(dabs[i - 1] ?? point, point)),
    null
  );
}

/** The whole pixels that the part from `a` to `b`, which has the radius of `b`, can touch. */
export function reach(a: Dab, b: Dab): Rect {
  const radius = b[2];
  const x = Math.floor((Math.min(a[0], b[0]) - radius) / QUANTUM);
  const y = Math.floor((Math.min(a[1], b[1]) - radius) / QUANTUM);
  const right = Math.ceil((Math.max(a[0], b[0]) + radius) / QUANTUM);
  const bottom = Math.ceil((Math.max(a[1], b[1]) + radius) / QUANTUM);
  return { x, y, width: right - x, height: bottom - y };
}

/** Marks in `mask` the pixels of the part from `a` to `b`. */
export function sweep(mask: Mask, a: Dab, b: Dab): void {
  const step = [b[0] - a[0], b[1] - a[1]] as const;
  const longest = Math.max(Math.abs(step[0]), Math.abs(step[1]));
  const n = Math.max(1, Math.ceil(longest / LONGEST));
  const at = (i: number): Dab => [
    a[0] + Math.floor((2 * i * step[0] + n) / (2 * n)),
    a[1] + Math.floor((2 * i * step[1] + n) / (2 * n)),
    b[2]
  ];
  for (let i = 0; i < n; i++) {
    sweepPart(mask, at(i), at(i + 1));
  }
}

function sweepPart(mask: Mask, a: Dab, b: Dab): void {
  const box = reach(a, b);
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const r2 = b[2] * b[2];
  const length2 = dx * dx + dy * dy;
  const top = Math.max(box.y, mask.y);
  const bottom = Math.min(box.y + box.height, mask.y + mask.height);
  const left = Math.max(box.x, mask.x);
  const right = Math.min(box.x + box.width, mask.x + mask.width);
  for (let row = top; row < bottom; row++) {
    const py = row * QUANTUM + HALF - a[1];
    let i = (row - mask.y) * mask.width + left - mask.x;
    for (let col = left; col < right; col++, i++) {
      const px = col * QUANTUM + HALF - a[0];
      if (!mask.bits[i] && isNear(px, py, dx, dy, length2, r2)) {
        mask.bits[i] = 1;
      }
    }
  }
}

/** Whether (px, py) is within the radius of the segment from (0, 0) to (dx, dy). */
function isNear(
  px: number,
  py: number,
  dx: number,
  dy: number,
  length2: number,
  r2: number
): boolean {
  const along = px * dx + py * dy;
  if (along <= 0) {
    return px * px + py * py <= r2;
  }
  if (along >= length2) {
    return (px - dx) * (px - dx) + (py - dy) * (py - dy) <= r2;
  }
  const across = px * dy - py * dx;
  return across * across <= r2 * length2;
}
