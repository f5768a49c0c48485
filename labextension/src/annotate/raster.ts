/** The label of each pixel of a tile: what lies under the pointer is one look-up, however many labels there are. */

import { crc32 } from './crc32';
import { intersect, type Rect } from './geometry';
import { trimmed, type Mask } from './mask';

export class LabelRaster {
  readonly ids: Uint32Array;

  constructor(
    readonly bounds: Rect,
    ids?: Uint32Array
  ) {
    const size = bounds.width * bounds.height;
    if (ids && ids.length !== size) {
      throw new RangeError(
        `A tile of ${size} pixels came with labels for ${ids.length}.`
      );
    }
    this.ids = ids ?? new Uint32Array(size);
  }

  /** The topmost label at an image point, 0 for none. */
  at(x: number, y: number): number {
    const col = Math.floor(x) - this.bounds.x;
    const row = Math.floor(y) - this.bounds.y;
    const { width, height } = this.bounds;
    return col >= 0 && row >= 0 && col < width && row < height
      ? (this.ids[row * width + col] ?? 0)
      : 0;
  }

  /** The index of pixel (x, y), which is in the tile. */
  index(x: number, y: number): number {
    return (y - this.bounds.y) * this.bounds.width + x - this.bounds.x;
  }

  paint(mask: Mask, id: number, within: Rect): void {
    const box = intersect(mask, within);
    const shared = box && intersect(box, this.bounds);
    for (let row = 0; shared && row < shared.height; row++) {
      let to = this.index(shared.x, shared.y + row);
      let from = (shared.y + row - mask.y) * mask.width + shared.x - mask.x;
      for (let col = 0; col < shared.width; col++, to++, from++) {
        if (mask.bits[from]) {
          this.ids[to] = id;
        }
      }
    }
  }

  /** The labels of a rectangle that lies in the tile, row by row. */
  copy(rect: Rect): Uint32Array {
    const made = new Uint32Array(rect.width * rect.height);
    for (let row = 0; row < rect.height; row++) {
      const from = this.index(rect.x, rect.y + row);
      made.set(this.ids.subarray(from, from + rect.width), row * rect.width);
    }
    return made;
  }

  put(rect: Rect, ids: Uint32Array): void {
    for (let row = 0; row < rect.height; row++) {
      this.ids.set(
        ids.subarray(row * rect.width, (row + 1) * rect.width),
        this.index(rect.x, rect.y + row)
      );
    }
  }

  /** The smallest rectangle of the pixels that differ from `old`, the labels that `rect` had. */
  changed(rect: Rect, old: Uint32Array): Rect | null {
    const now = this.copy(rect);
    const bits = Uint8Array.from(now, (id, i) => Number(id !== old[i]));
    const mask = trimmed({ ...rect, bits });
    return (
      mask && {
        x: mask.x,
        y: mask.y,
        width: mask.width,
        height: mask.height
      }
    );
  }

  /** How many pixels a label has. */
  count(id: number): number {
    let total = 0;
    for (const value of this.ids) {
      total += Number(value === id);
    }
    return total;
  }

  /** zlib's checksum of the labels of a rectangle as little-endian 32-bit numbers. */
  checksum(rect: Rect): number {
    const { buffer, byteLength } = this.copy(rect);
    return crc32(new Uint8Array(buffer, 0, byteLength));
  }
}
