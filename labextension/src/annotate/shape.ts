/** Outlines of labels from the geometry that the kernel has told. */

import type { Ring } from './geometry';
import type { Row } from './answers';

interface XY {
  readonly x: number;
  readonly y: number;
}

export interface BoxShape {
  readonly centre: XY;
  readonly size: XY;
}

export interface EllipseShape {
  readonly centre: XY;
  readonly radius1: number;
  readonly radius2: number;
  readonly orientation_radians: number;
}

/** The rings of a box or an ellipse; null for other kinds, whose outlines are asked for or read off the raster. */
export function ringsOf(row: Row): Ring[] | null {
  if (row.kind === 'box' && row.shape) {
    return [boxRing(row.shape as unknown as BoxShape)];
  }
  if (row.kind === 'oriented_ellipse' && row.shape) {
    return [ellipseRing(row.shape as unknown as EllipseShape)];
  }
  return null;
}

export function positionOf(row: Row): readonly [number, number] | null {
  if (row.kind !== 'point' || !row.shape) {
    return null;
  }
  const { x, y } = row.shape['position'] as XY;
  return [x, y];
}

function boxRing({ centre, size }: BoxShape): Ring {
  const [l, r] = [centre.x - size.x / 2, centre.x + size.x / 2];
  const [t, b] = [centre.y - size.y / 2, centre.y + size.y / 2];
  return [l, t, r, t, r, b, l, b];
}

/** A corner about every pixel, 12 to 4096 of them, as axons_kernel/labels.py has it. */
export function ellipseRing(shape: EllipseShape): Ring {
  const { centre, radius1, radius2, orientation_radians: angle } = shape;
  const tau = 2 * Math.PI;
  const n = Math.ceil(
    Math.min(4096, Math.max(12, tau * Math.max(radius1, radius2)))
  );
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const ring: number[] = [];
  for (let i = 0; i < n; i++) {
    const u = radius1 * Math.cos((tau * i) / n);
    const v = radius2 * Math.sin((tau * i) / n);
    ring.push(centre.x + u * cos - v * sin, centre.y + u * sin + v * cos);
  }
  return ring;
}
