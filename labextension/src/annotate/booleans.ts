/** What a gesture does to the labels of a tile, as axons_kernel/widget/booleans.py does it. */

import { intersect } from './geometry';
import type { Mask } from './mask';
import type { Painting } from './ops';
import type { LabelRaster } from './raster';

/** Why nothing happens. */
export type Vain = 'no target' | 'nothing' | 'whole';

/** As the kernel says it, which is not asked when it is clear. */
export const REASONS: Readonly<Record<Vain, string>> = {
  'no target': 'No label is chosen: click the label to change first.',
  nothing:
    'Nothing changes: there is no free pixel, or no pixel of the chosen label, under the gesture.',
  whole: 'The gesture covers all of the label: draw over a part of it to split.'
};

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

/** Paints a mask into a raster, or says why nothing has changed. */
export function combine(
  raster: LabelRaster,
  mask: Mask,
  how: Painting,
  fresh: number
): Vain | null {
  if ((how.mode === 'add' || how.mode === 'split') && !how.target) {
    return 'no target';
  }
  let changing = 0;
  eachCovered(raster, mask, (_, id) => {
    changing += Number(changes(how, id));
  });
  if (!changing) {
    return 'nothing';
  }
  if (how.mode === 'split' && raster.count(how.target) === changing) {
    return 'whole';
  }
  const value = valueOf(how, fresh);
  eachCovered(raster, mask, (i, id) => {
    if (changes(how, id)) {
      raster.ids[i] = value;
    }
  });
  return null;
}

function eachCovered(
  raster: LabelRaster,
  mask: Mask,
  visit: (index: number, id: number) => void
): void {
  const box = intersect(mask, raster.bounds);
  for (let row = 0; box && row < box.height; row++) {
    const y = box.y + row;
    let i = raster.index(box.x, y);
    let from = (y - mask.y) * mask.width + box.x - mask.x;
    for (let col = 0; col < box.width; col++, i++, from++) {
      if (mask.bits[from]) {
        visit(i, raster.ids[i] ?? 0);
      }
    }
  }
}
