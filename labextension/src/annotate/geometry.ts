/** Points, rings and rectangles in image pixels: origin top-left, pixel (0, 0) spans 0..1 in both directions. */

export type Point = readonly [x: number, y: number];

/** A closed outline, x and y in turn, without the first point again at the end. */
export type Ring = readonly number[];

/** A rectangle of whole pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pointer positions are rounded to 1/16 pixel, which every number format on the way holds exactly. */
export const QUANTUM = 16;

export function quantise(value: number): number {
  return Math.round(value * QUANTUM) / QUANTUM;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

export function intersect(a: Rect, b: Rect): Rect | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

export function unite(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || !b) {
    return a ?? b;
  }
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y
  };
}

/** The smallest rectangle of whole pixels that holds the rings. */
export function boundsOf(rings: readonly Ring[]): Rect | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i += 2) {
      const [x = 0, y = 0] = [ring[i], ring[i + 1]];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (left > right) {
    return null;
  }
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { x, y, width: Math.ceil(right) - x, height: Math.ceil(bottom) - y };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The point of the segment that is nearest to `p`. */
export function nearestOnSegment(p: Point, a: Point, b: Point): Point {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2
    ? clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2, 0, 1)
    : 0;
  return [a[0] + along * dx, a[1] + along * dy];
}

export function pointsOf(ring: Ring): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < ring.length; i += 2) {
    points.push([ring[i] ?? 0, ring[i + 1] ?? 0]);
  }
  return points;
}

export function ringOf(points: readonly Point[]): Ring {
  return points.flatMap(([x, y]) => [x, y]);
}

export function shiftRing(ring: Ring, dx: number, dy: number): Ring {
  return ring.map((value, i) => value + (i % 2 ? dy : dx));
}

/** Even-odd, as the rasteriser has it. */
export function contains(rings: readonly Ring[], [x, y]: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    let [px = 0, py = 0] = ring.slice(-2);
    for (let i = 0; i + 1 < ring.length; i += 2) {
      const [qx = 0, qy = 0] = [ring[i], ring[i + 1]];
      if (py > y !== qy > y && x < ((px - qx) * (y - qy)) / (py - qy) + qx) {
        inside = !inside;
      }
      [px, py] = [qx, qy];
    }
  }
  return inside;
}

/** Drops points that lie within `tolerance` of the line between their neighbours (Douglas and Peucker). */
export function simplify(
  points: readonly Point[],
  tolerance: number
): readonly Point[] {
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last || points.length < 3) {
    return points;
  }
  let [worst, far] = [0, tolerance];
  points.forEach((point, i) => {
    const away = distance(point, nearestOnSegment(point, first, last));
    if (away > far) {
      [worst, far] = [i, away];
    }
  });
  if (!worst) {
    return [first, last];
  }
  const head = simplify(points.slice(0, worst + 1), tolerance);
  return [...head.slice(0, -1), ...simplify(points.slice(worst), tolerance)];
}
