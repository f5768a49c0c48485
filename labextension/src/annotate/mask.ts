/** A set of pixels: a rectangle and one byte (0 or 1) per pixel of it, row by row. */

import { intersect, unite, type Rect } from './geometry';

export interface Mask extends Rect {
  readonly bits: Uint8Array;
}

export function emptyMask({ x, y, width, height }: Rect): Mask {
  return { x, y, width, height, bits: new Uint8Array(width * height) };
}

export function count(mask: Mask): number {
  let total = 0;
  for (const bit of mask.bits) {
    total += bit;
  }
  return total;
}

/** Combines the pixels that two masks share a place for; what `from` does not cover counts as 0. */
function combine(
  into: Mask,
  from: Mask,
  rule: (a: number, b: number) => number
): Mask {
  const shared = intersect(into, from);
  if (shared) {
    for (let row = 0; row < shared.height; row++) {
      let i = (shared.y + row - into.y) * into.width + shared.x - into.x;
      let j = (shared.y + row - from.y) * from.width + shared.x - from.x;
      for (let col = 0; col < shared.width; col++, i++, j++) {
        into.bits[i] = rule(into.bits[i] ?? 0, from.bits[j] ?? 0);
      }
    }
  }
  return into;
}

export function copyMask(mask: Mask): Mask {
  return { ...mask, bits: mask.bits.slice() };
}

export function union(a: Mask, b: Mask): Mask {
  const whole = emptyMask(unite(a, b) ?? a);
  const or = (p: number, q: number) => p | q;
  return combine(combine(whole, a, or), b, or);
}

export function minus(a: Mask, b: Mask): Mask {
  return combine(copyMask(a), b, (p, q) => p & ~q);
}

export function common(a: Mask, b: Mask): Mask {
  const shared = intersect(a, b) ?? { x: a.x, y: a.y, width: 0, height: 0 };
  const made = combine(emptyMask(shared), a, (_, q) => q);
  return combine(made, b, (p, q) => p & q);
}

/** The same pixels in the smallest rectangle, or null when there are none. */
export function trimmed(mask: Mask): Mask | null {
  let [left, top, right, bottom] = [mask.width, mask.height, -1, -1];
  for (let row = 0, i = 0; row < mask.height; row++) {
    for (let col = 0; col < mask.width; col++, i++) {
      if (mask.bits[i]) {
        left = Math.min(left, col);
        right = Math.max(right, col);
        top = Math.min(top, row);
        bottom = row;
      }
    }
  }
  if (right < 0) {
    return null;
  }
  const rect = {
    x: mask.x + left,
    y: mask.y + top,
    width: right - left + 1,
    height: bottom - top + 1
  };
  return combine(emptyMask(rect), mask, (_, q) => q);
}

/** Lengths of the runs, row by row, zeros and ones in turn; the first run is of zeros and may be empty. */
export function runs(mask: Mask): number[] {
  const lengths: number[] = [];
  let [value, length] = [0, 0];
  for (const bit of mask.bits) {
    if (bit !== value) {
      lengths.push(length);
      [value, length] = [bit, 0];
    }
    length++;
  }
  lengths.push(length);
  return lengths;
}

export function fromRuns(rect: Rect, lengths: Iterable<number>): Mask {
  const mask = emptyMask(rect);
  let [at, value] = [0, 0];
  for (const length of lengths) {
    mask.bits.fill(value, at, at + length);
    at += length;
    value = 1 - value;
  }
  if (at !== mask.bits.length) {
    throw new RangeError(
      `The runs cover ${at} pixels, the mask has ${mask.bits.length}.`
    );
  }
  return mask;
}
