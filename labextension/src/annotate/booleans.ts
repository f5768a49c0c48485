/** What a gesture does to the labels of a tile, as axons_kernel/widget/booleans.py does it. */

import { intersect, type Rect } from './geometry';
import type { Mask } from './mask';
import type { Painting } from './protocol';
import type { LabelRaster } from './raster';

/** Why nothing happens; the kernel has the words for it. */
export type Vain = 'no target' | 'nothing' | 'whole';

/** The number that pixels get in this mode. */
export function valueOf(how: Painting, fresh: number): number {
  switch (how.mode) {
    case 'add':
      return how.target;
    case 'subtract':
      return 0;
    default:
      return fresh;
  }
}

/** Whether a covered pixel of label `id` changes. */
export function changes(
  { mode, target, protect }: Painting,
  id: number
): boolean {
  switch (mode) {
    case 'new':
      return !protect || id === 0;
    case 'add':
      return protect ? id === 0 : id !== target;
    case 'subtract':
      return target ? id === target : id !== 0;
    case 'split':
      return id === target;
  }
}

/**
 * Paints a mask into a raster. Returns the smallest rectangle of all changed pixels, or why nothing has changed.
 */
export function combine(
  raster: LabelRaster,
  mask: Mask,
  how: Painting,
  fresh: number
): Rect | Vain {
  if ((how.mode === 'add' || how.mode === 'split') && !how.target) {
    return 'no target';
  }
  const rect = changedRect(raster, mask, how);
  if (!rect) {
    return 'nothing';
  }
  if (how.mode === 'split' && leavesNothing(raster, mask, how.target)) {
    return 'whole';
  }
  const value = valueOf(how, fresh);
  eachCovered(raster, mask, (i, id) => {
    if (changes(how, id)) {
      raster.ids[i] = value;
    }
  });
  return rect;
}

function eachCovered(
  raster: LabelRaster,
  mask: Mask,
  visit: (index: number, id: number, x: number, y: number) => void
): void {
  const box = intersect(mask, raster.bounds);
  for (let row = 0; box && row < box.height; row++) {
    const y = box.y + row;
    let i = raster.index(box.x, y);
    let from = (y - mask.y) * mask.width + box.x - mask.x;
    for (let col = 0; col < box.width; col++, i++, from++) {
      if (mask.bits[from]) {
        visit(i, raster.ids[i] ?? 0, box.x + col, y);
      }
    }
  }
}

function changedRect(
  raster: LabelRaster,
  mask: Mask,
  how: Painting
): Rect | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  eachCovered(raster, mask, (_, id, x, y) => {
    if (changes(how, id)) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  });
  return left > right
    ? null
    : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function leavesNothing(
  raster: LabelRaster,
  mask: Mask,
  target: number
): boolean {
  let inside = 0;
  eachCovered(raster, mask, (_, id) => {
    inside += Number(id === target);
  });
  let all = 0;
  for (const id of raster.ids) {
    all += Number(id === target);
  }
  return inside === all;
}
