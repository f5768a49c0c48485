/** The pictures of a tile that the stage puts on each other: the image, and its labels. One pixel per image pixel. */

import { changes, valueOf } from '../booleans';
import { intersect, type Rect } from '../geometry';
import type { Mask } from '../mask';
import type { Painting } from '../ops';
import type { LabelRaster } from '../raster';
import type { Palette } from './palette';

/** A gesture that is going on, shown as if it was done. */
export interface Preview {
  readonly mask: Mask;
  readonly how: Painting;
  /** The number that a new label will get. */
  readonly fresh: number;
}

export class Layer {
  readonly canvas = document.createElement('canvas');
  protected readonly context: CanvasRenderingContext2D;

  constructor(readonly bounds: Rect) {
    this.canvas.width = bounds.width;
    this.canvas.height = bounds.height;
    this.context = contextOf(this.canvas);
  }

  put(rgba: Uint8ClampedArray<ArrayBuffer>): void {
    const { width, height } = this.bounds;
    this.context.putImageData(new ImageData(rgba, width, height), 0, 0);
  }
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (!context) {
    throw new Error('The browser has no canvas to draw on.');
  }
  return context;
}

export class LabelLayer extends Layer {
  constructor(
    private readonly raster: LabelRaster,
    private readonly palette: Palette
  ) {
    super(raster.bounds);
  }

  /** Colour the labels of a rectangle. Returns what was drawn anew: one pixel more, as edges depend on neighbours. */
  paint(rect: Rect, preview: Preview | null): Rect | null {
    const around = grown(rect, 1);
    const box = intersect(around, this.bounds);
    if (!box) {
      return null;
    }
    const ids = this.numbers(grown(box, 1), preview);
    const pixels = new Uint32Array(box.width * box.height);
    this.colour(ids, pixels, box);
    const bytes = new Uint8ClampedArray(pixels.buffer);
    const picture = new ImageData(bytes, box.width, box.height);
    this.context.putImageData(
      picture,
      box.x - this.bounds.x,
      box.y - this.bounds.y
    );
    return box;
  }

  private colour(ids: Uint32Array, pixels: Uint32Array, box: Rect): void {
    const { fill, edge } = this.palette;
    const stride = box.width + 2;
    for (let row = 0, to = 0; row < box.height; row++) {
      let at = (row + 1) * stride + 1;
      for (let col = 0; col < box.width; col++, at++, to++) {
        const id = ids[at] ?? 0;
        if (id) {
          const inner =
            ids[at - 1] === id &&
            ids[at + 1] === id &&
            ids[at - stride] === id &&
            ids[at + stride] === id;
          pixels[to] = (inner ? fill[id] : edge[id]) ?? 0;
        }
      }
    }
  }

  /** The labels of a rectangle that may stick out of the tile, where labels go on as at its border. */
  private numbers(rect: Rect, preview: Preview | null): Uint32Array {
    const { bounds, raster } = this;
    const ids = new Uint32Array(rect.width * rect.height);
    const value = preview ? valueOf(preview.how, preview.fresh) : 0;
    for (let row = 0, to = 0; row < rect.height; row++) {
      const y = inside(rect.y + row, bounds.y, bounds.height);
      for (let col = 0; col < rect.width; col++, to++) {
        const x = inside(rect.x + col, bounds.x, bounds.width);
        const id = raster.ids[raster.index(x, y)] ?? 0;
        const drawn =
          preview && covers(preview.mask, x, y) && changes(preview.how, id);
        ids[to] = drawn ? value : id;
      }
    }
    return ids;
  }
}

function covers(mask: Mask, x: number, y: number): boolean {
  const [col, row] = [x - mask.x, y - mask.y];
  return (
    col >= 0 &&
    row >= 0 &&
    col < mask.width &&
    row < mask.height &&
    mask.bits[row * mask.width + col] === 1
  );
}

function inside(value: number, start: number, length: number): number {
  return Math.min(start + length - 1, Math.max(start, value));
}

function grown({ x, y, width, height }: Rect, by: number): Rect {
  return {
    x: x - by,
    y: y - by,
    width: width + 2 * by,
    height: height + 2 * by
  };
}
