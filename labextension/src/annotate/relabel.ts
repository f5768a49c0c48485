/** Changes of whole labels, drawn before the kernel has answered. */

import type { Row } from './answers';
import { QUANTUM, intersect, unite, type Rect } from './geometry';
import { emptyMask } from './mask';
import type { Recording } from './recording';

/** All pixels of some labels get another number, and the labels go. */
export function replace(
  into: Recording,
  ids: readonly number[],
  value: number
): boolean {
  const box = boundsOfRows(into, ids);
  if (box) {
    into.touch(box);
    const gone = new Set(ids);
    eachPixel(into, box, (i, id) => {
      if (gone.has(id)) {
        into.raster.ids[i] = value;
      }
    });
  }
  ids.forEach(id => {
    if (id !== value) {
      into.setRow(id, null);
    }
  });
  return true;
}

/** The labels become one, of the class that most of them have. */
export function merge(into: Recording, ids: readonly number[]): boolean {
  const [first] = ids;
  const box = boundsOfRows(into, ids);
  if (first === undefined || ids.length < 2) {
    return false;
  }
  const label_class = usualClass(into, ids);
  replace(into, ids, first);
  into.change(first, { label_class, bounds: toWindow(box) });
  return true;
}

/** The labels become the parts of a new one. */
export function group(into: Recording, ids: readonly number[]): boolean {
  const rows = ids.flatMap(id => into.row(id) ?? []);
  const box = boundsOfRows(into, ids);
  if (rows.length < 2) {
    return false;
  }
  const label_class = usualClass(into, ids);
  const z = Math.max(...rows.map(row => row.z));
  const id = into.fresh();
  replace(into, ids, id);
  into.setRow(id, {
    id,
    object_id: '',
    z,
    label_class,
    source: 'manual',
    proposal: false,
    kind: 'group',
    bounds: toWindow(box),
    attributes: {},
    shape: null
  });
  return true;
}

function usualClass(into: Recording, ids: readonly number[]): string | null {
  const classes = ids.map(id => into.row(id)?.label_class ?? null);
  const often = (name: string | null) =>
    classes.filter(other => other === name).length;
  return classes.reduce(
    (best, name) => (often(name) > often(best) ? name : best),
    classes[0] ?? null
  );
}

/** Exact where the labels move by whole pixels and over nothing else; else the kernel has the last word. */
export function move(
  into: Recording,
  ids: readonly number[],
  dx: number,
  dy: number
): boolean {
  const [x, y] = [Math.round(dx / QUANTUM), Math.round(dy / QUANTUM)];
  const box = boundsOfRows(into, ids);
  const moving = new Set(ids);
  if (box) {
    const target = { ...box, x: box.x + x, y: box.y + y };
    into.touch(unite(box, target) ?? box);
    const old = emptyMask(box);
    const numbers = into.raster.copy(box);
    numbers.forEach((id, i) => {
      old.bits[i] = Number(moving.has(id));
    });
    eachPixel(into, box, (i, id) => {
      into.raster.ids[i] = moving.has(id) ? 0 : id;
    });
    old.bits.forEach((bit, i) => {
      const [col, row] = [i % box.width, Math.floor(i / box.width)];
      if (bit && inBounds(into.raster.bounds, target.x + col, target.y + row)) {
        const to = into.raster.index(target.x + col, target.y + row);
        into.raster.ids[to] = numbers[i] ?? 0;
      }
    });
  }
  ids.forEach(id => {
    moveRow(into, id, dx / QUANTUM, dy / QUANTUM);
  });
  return Boolean(box);
}

function moveRow(into: Recording, id: number, dx: number, dy: number): void {
  const row = into.row(id);
  const [x = 0, y = 0, w = 0, h = 0] = row?.bounds ?? [];
  const bounds = row?.bounds
    ? ([Math.floor(x + dx), Math.floor(y + dy), w + 1, h + 1] as const)
    : null;
  const shape = row?.shape ? { ...row.shape } : null;
  for (const key of ['centre', 'position']) {
    const at = shape?.[key] as { x: number; y: number } | undefined;
    if (shape && at) {
      shape[key] = { x: at.x + dx, y: at.y + dy };
    }
  }
  into.change(id, { bounds, shape });
}

export function setAttribute(
  into: Recording,
  id: number,
  name: string,
  value: boolean | string | null
): void {
  const attributes = { ...into.row(id)?.attributes, [name]: value };
  into.change(id, { attributes });
}

function inBounds(bounds: Rect, x: number, y: number): boolean {
  return Boolean(intersect(bounds, { x, y, width: 1, height: 1 }));
}

function eachPixel(
  { raster }: Recording,
  rect: Rect,
  visit: (index: number, id: number) => void
): void {
  for (let row = 0; row < rect.height; row++) {
    let i = raster.index(rect.x, rect.y + row);
    for (let col = 0; col < rect.width; col++, i++) {
      visit(i, raster.ids[i] ?? 0);
    }
  }
}

/** The rectangle of the tile that holds these labels. */
function boundsOfRows(into: Recording, ids: readonly number[]): Rect | null {
  const box = ids.reduce<Rect | null>((all, id) => {
    const bounds = into.row(id)?.bounds;
    return bounds ? unite(all, toRect(bounds)) : all;
  }, null);
  return box && intersect(box, into.raster.bounds);
}

export function toRect([x, y, width, height]: readonly [
  number,
  number,
  number,
  number
]): Rect {
  return { x, y, width, height };
}

export function toWindow(rect: Rect | null): Row['bounds'] {
  return rect && [rect.x, rect.y, rect.width, rect.height];
}
