/** Paints with superpixels: whole areas of like pixels at a stroke. */

import { emptyMask, type Mask } from '../mask';
import { reasonOf } from '../requests';
import type { Painting } from '../ops';
import { dab, fillStroke, reach } from '../rasterise';
import { intersect, type Rect } from '../geometry';
import type { Viewport } from '../viewport';
import { circle } from './marks';
import type { Bench, Spot, Tool } from './tool';

/** Superpixels of a tile, made for these settings. */
interface SuperpixelMap {
  readonly key: string;
  readonly ids: Uint32Array;
  /** The pixels of each superpixel, by its number. */
  readonly members: ReadonlyMap<number, number[]>;
  /** Where one ends and the next begins; made when it is first shown. */
  borders: HTMLCanvasElement | null;
}

interface Gesture {
  readonly how: Painting;
  readonly mask: Mask;
  readonly segments: Set<number>;
}

export class Superpixels implements Tool {
  readonly name = 'superpixels';
  readonly cursor = 'crosshair';

  constructor(private readonly bench: Bench) {}

  /** Ask for the superpixels of this tile, once for each size. */
  begin(): void {
    const { bench } = this;
    const { tile, tileNumber, settings } = bench;
    const { superpixel: size, compactness } = settings;
    const key = [tileNumber, size, compactness].join();
    if (this.asked === key) {
      return;
    }
    this.asked = key;
    bench
      .ask({ op: 'superpixel_map', tile: tileNumber, size, compactness })
      .then(({ arrays }) => {
        const ids = Uint32Array.from(arrays.get('segments') ?? []);
        if (ids.length === tile.raster.ids.length) {
          this.map = { key, ids, members: membersOf(ids), borders: null };
          bench.redraw();
        }
      })
      .catch((error: unknown) => {
        this.asked = '';
        bench.say(`There are no superpixels now: ${reasonOf(error)}`);
      });
  }

  press(spot: Spot): void {
    this.begin();
    if (this.map?.key !== this.asked) {
      this.bench.say('The superpixels are being computed: wait a moment.');
      return;
    }
    const how = this.bench.painting();
    if (how) {
      const mask = emptyMask(this.bench.tile.bounds);
      this.gesture = { how, mask, segments: new Set() };
      this.drag([spot]);
    }
  }

  drag(spots: readonly Spot[]): void {
    for (const spot of spots) {
      this.at = spot;
      this.collect(spot);
    }
    this.bench.redraw();
  }

  release(): void {
    const { gesture, bench } = this;
    this.gesture = null;
    if (gesture?.segments.size) {
      const { superpixel: size, compactness } = bench.settings;
      const segments = [...gesture.segments].sort((a, b) => a - b);
      const { how, mask } = gesture;
      bench.commit(
        { op: 'superpixels', ...how, segments, size, compactness },
        how.mode === 'new',
        mask
      );
    }
    bench.preview(null, null);
  }

  hover(spot: Spot | null): void {
    this.at = spot;
    this.bench.redraw();
  }

  cancel(): boolean {
    const { gesture } = this;
    this.gesture = null;
    this.bench.preview(null, gesture?.mask ?? null);
    return Boolean(gesture);
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { map } = this;
    if (map?.key === this.asked) {
      const { bounds } = this.bench.tile;
      map.borders ??= bordersOf(map.ids, bounds);
      const [x, y] = viewport.toScreen([bounds.x, bounds.y]);
      const { scale } = viewport.place;
      const [width, height] = [bounds.width * scale, bounds.height * scale];
      context.drawImage(map.borders, x, y, width, height);
    }
    if (this.at) {
      const radius = this.bench.settings.radius * viewport.place.scale;
      circle(context, viewport.toScreen([this.at.x, this.at.y]), radius);
    }
  }

  private collect(spot: Spot): void {
    const { gesture, map, bench } = this;
    const { bounds, raster, nextId } = bench.tile;
    const point = dab(spot.x, spot.y, bench.settings.radius);
    const window = intersect(reach(point, point), bounds);
    if (!gesture || !map || !window) {
      return;
    }
    const before = gesture.segments.size;
    fillStroke([point], window).bits.forEach((bit, i) => {
      const x = window.x + (i % window.width);
      const y = window.y + Math.floor(i / window.width);
      const segment = bit ? (map.ids[raster.index(x, y)] ?? 0) : 0;
      if (segment && !gesture.segments.has(segment)) {
        gesture.segments.add(segment);
        for (const pixel of map.members.get(segment) ?? []) {
          gesture.mask.bits[pixel] = 1;
        }
      }
    });
    if (gesture.segments.size > before) {
      const { mask, how } = gesture;
      bench.preview({ mask, how, fresh: nextId }, around(window, this.size));
    }
  }

  /** How far a superpixel may reach beyond the brush, in pixels; they are about this large. */
  private get size(): number {
    return 4 * this.bench.settings.superpixel;
  }

  private asked = '';
  private map: SuperpixelMap | null = null;
  private gesture: Gesture | null = null;
  private at: Spot | null = null;
}

function membersOf(ids: Uint32Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  ids.forEach((id, i) => {
    const some = members.get(id);
    if (some) {
      some.push(i);
    } else {
      members.set(id, [i]);
    }
  });
  return members;
}

const BORDER = [255, 255, 160, 110] as const; // red, green, blue, alpha

function bordersOf(ids: Uint32Array, { width, height }: Rect) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (const i of borderPixels(ids, width)) {
    image.data.set(BORDER, 4 * i);
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

/** The pixels right or below of which is another number, by their places in the raster. */
export function borderPixels(ids: Uint32Array, width: number): number[] {
  const found: number[] = [];
  ids.forEach((id, i) => {
    const last = i % width === width - 1;
    if ((!last && ids[i + 1] !== id) || (ids[i + width] ?? id) !== id) {
      found.push(i);
    }
  });
  return found;
}

function around({ x, y, width, height }: Rect, by: number): Rect {
  return {
    x: x - by,
    y: y - by,
    width: width + 2 * by,
    height: height + 2 * by
  };
}
