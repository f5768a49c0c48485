/** Lines and handles that are seen on every picture: bright, with a dark rim. */

import type { Point, Ring } from '../geometry';
import type { Viewport } from '../viewport';

const DARK = 'rgb(0 0 0 / 75%)';
const BRIGHT = '#fff';
export const ACCENT = '#ffb300';
const HANDLE = 4;

export function strokeTwice(
  context: CanvasRenderingContext2D,
  path: Path2D,
  colour = BRIGHT,
  width = 1.5
): void {
  context.lineJoin = 'round';
  context.strokeStyle = DARK;
  context.lineWidth = width + 2;
  context.stroke(path);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(path);
}

export function pathOf(
  rings: readonly Ring[],
  viewport: Viewport,
  closed = true
): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i += 2) {
      const [x, y] = viewport.toScreen([ring[i] ?? 0, ring[i + 1] ?? 0]);
      if (i) {
        path.lineTo(x, y);
      } else {
        path.moveTo(x, y);
      }
    }
    if (closed) {
      path.closePath();
    }
  }
  return path;
}

export function handle(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  hot = false
): void {
  const half = hot ? HANDLE + 1.5 : HANDLE;
  context.fillStyle = hot ? ACCENT : BRIGHT;
  context.strokeStyle = DARK;
  context.lineWidth = 1.5;
  context.beginPath();
  context.rect(x - half, y - half, 2 * half, 2 * half);
  context.fill();
  context.stroke();
}

/** The small cross of a point label. */
export function cross(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  colour: string,
  chosen: boolean
): void {
  const path = new Path2D();
  path.arc(x, y, chosen ? 6 : 4.5, 0, 2 * Math.PI);
  path.moveTo(x, y);
  path.arc(x, y, 0.6, 0, 2 * Math.PI);
  strokeTwice(context, path, colour, chosen ? 3 : 2);
}

export function circle(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  radius: number
): void {
  const path = new Path2D();
  path.arc(x, y, Math.max(radius, 0.5), 0, 2 * Math.PI);
  strokeTwice(context, path, BRIGHT, 1);
}

export function boxPath(a: Point, b: Point): Path2D {
  const path = new Path2D();
  path.rect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
  return path;
}
