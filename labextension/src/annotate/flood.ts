/** Connected pixels: the fill bucket and the magic wand. */

import type { Rect } from './geometry';
import { emptyMask, trimmed, type Mask } from './mask';

export const MAX_PIXELS = 4_000_000;

/** The pixels that are connected to (x, y) by their sides and for which `accept` holds; null when it does not there. */
export function flood(
  bounds: Rect,
  x: number,
  y: number,
  accept: (index: number) => boolean
): Mask | null {
  const { width, height } = bounds;
  const start = (y - bounds.y) * width + (x - bounds.x);
  const mask = emptyMask(bounds);
  const { bits } = mask;
  if (!accept(start)) {
    return null;
  }
  const stack = [start];
  while (stack.length) {
    const seed = stack.pop() ?? 0;
    if (bits[seed]) {
      continue;
    }
    const row = Math.floor(seed / width) * width;
    let left = seed;
    while (left > row && !bits[left - 1] && accept(left - 1)) {
      left--;
    }
    let right = seed;
    while (right < row + width - 1 && !bits[right + 1] && accept(right + 1)) {
      right++;
    }
    bits.fill(1, left, right + 1);
    for (const other of [row - width, row + width]) {
      if (other >= 0 && other < width * height) {
        seedRow(stack, bits, left - row + other, right - row + other, accept);
      }
    }
  }
  return trimmed(mask);
}

/** One seed for each run of acceptable pixels in a row. */
function seedRow(
  stack: number[],
  bits: Uint8Array,
  from: number,
  to: number,
  accept: (index: number) => boolean
): void {
  let open = false;
  for (let i = from; i <= to; i++) {
    const good = !bits[i] && accept(i);
    if (good && !open) {
      stack.push(i);
    }
    open = good;
  }
}

/** Fills the holes of a mask: what is not connected with its border from outside. */
export function withoutHoles(mask: Mask): Mask {
  const outer = {
    x: mask.x - 1,
    y: mask.y - 1,
    width: mask.width + 2,
    height: mask.height + 2
  };
  const inside = (index: number) => {
    const row = Math.floor(index / outer.width) - 1;
    const col = (index % outer.width) - 1;
    const out = row < 0 || col < 0 || row >= mask.height || col >= mask.width;
    return !out && mask.bits[row * mask.width + col] === 1;
  };
  const around = flood(outer, outer.x, outer.y, index => !inside(index));
  const bits = new Uint8Array(mask.bits.length).fill(1);
  for (let row = 0, i = 0; around && row < mask.height; row++) {
    for (let col = 0; col < mask.width; col++, i++) {
      bits[i] = around.bits[(row + 1) * outer.width + col + 1] ? 0 : 1;
    }
  }
  return { ...mask, bits };
}
