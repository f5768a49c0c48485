/** Live-wire: the cheapest way over a map of costs, which are low on edges of the picture (Dijkstra). */

import { clamp, intersect, type Point, type Rect } from './geometry';

/** How far from its start a wire looks, in pixels. */
const REACH = 220;
const DIAGONAL = Math.SQRT2;
/** Added to every step, so that a way over flat ground is straight. */
const STEP_COST = 8;
const NEIGHBOURS = [
  [-1, 0, 1],
  [1, 0, 1],
  [0, -1, 1],
  [0, 1, 1],
  [-1, -1, DIAGONAL],
  [1, -1, DIAGONAL],
  [-1, 1, DIAGONAL],
  [1, 1, DIAGONAL]
] as const;
const BUCKETS = 1024; // more than the dearest step

/** `cost` holds 0 (an edge) to 255 (flat) per pixel of `bounds`. */
export interface CostMap {
  readonly bounds: Rect;
  readonly cost: Uint8Array;
}

export class Wire {
  constructor(
    map: CostMap,
    readonly start: Point
  ) {
    const [x, y] = pixelOf(map.bounds, start);
    const around = {
      x: x - REACH,
      y: y - REACH,
      width: 2 * REACH + 1,
      height: 2 * REACH + 1
    };
    const window = intersect(map.bounds, around);
    if (!window) {
      throw new RangeError('The wire starts outside the tile.');
    }
    this.window = window;
    this.from = search(map, window, [x, y]);
  }

  /** Pixel centres from the start to `target`, both included; `target` is taken into the wire's reach. */
  to(target: Point): Point[] {
    const { window, from } = this;
    const [x, y] = pixelOf(window, target);
    const path: Point[] = [];
    let at = (y - window.y) * window.width + x - window.x;
    for (let before = from[at] ?? -1; ; before = from[at] ?? -1) {
      path.push([
        window.x + (at % window.width) + 0.5,
        window.y + Math.floor(at / window.width) + 0.5
      ]);
      if (before < 0 || before === at) {
        return path.reverse();
      }
      at = before;
    }
  }

  private readonly window: Rect;
  private readonly from: Int32Array;
}

function pixelOf(bounds: Rect, [x, y]: Point): [number, number] {
  return [
    clamp(Math.floor(x), bounds.x, bounds.x + bounds.width - 1),
    clamp(Math.floor(y), bounds.y, bounds.y + bounds.height - 1)
  ];
}

/** For each pixel of the window the one before it on the cheapest way; the start points at itself. */
function search(
  map: CostMap,
  window: Rect,
  [x, y]: readonly [number, number]
): Int32Array {
  const { width, height } = window;
  const from = new Int32Array(width * height).fill(-1);
  const dear = new Float64Array(width * height).fill(Infinity);
  const buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
  const start = (y - window.y) * width + x - window.x;
  dear[start] = 0;
  from[start] = start;
  buckets[0]?.push(start);
  for (let waiting = 1, level = 0; waiting > 0; level++) {
    const bucket = buckets[level % BUCKETS] ?? [];
    for (let at = bucket.pop(); at !== undefined; at = bucket.pop()) {
      waiting--;
      if (Math.floor(dear[at] ?? 0) === level) {
        waiting += spread(map, window, at, { from, dear, buckets });
      }
    }
  }
  return from;
}

interface Search {
  readonly from: Int32Array;
  readonly dear: Float64Array;
  readonly buckets: readonly number[][];
}

function spread(map: CostMap, window: Rect, at: number, found: Search): number {
  const { width, height } = window;
  const [col, row] = [at % width, Math.floor(at / width)];
  let added = 0;
  for (const [dx, dy, length] of NEIGHBOURS) {
    const [c, r] = [col + dx, row + dy];
    if (c < 0 || r < 0 || c >= width || r >= height) {
      continue;
    }
    const place =
      (window.y + r - map.bounds.y) * map.bounds.width +
      window.x +
      c -
      map.bounds.x;
    const total =
      (found.dear[at] ?? 0) + (STEP_COST + (map.cost[place] ?? 255)) * length;
    const to = r * width + c;
    if (total < (found.dear[to] ?? Infinity)) {
      found.dear[to] = total;
      found.from[to] = at;
      found.buckets[Math.floor(total) % BUCKETS]?.push(to);
      added++;
    }
  }
  return added;
}
