/** Which part of the image the stage shows. Screen positions are CSS pixels from the stage's top left. */

import { clamp, type Point, type Rect } from './geometry';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `scale` is CSS pixels per image pixel; image point (x, y) is in the stage's middle. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const MAX_SCALE = 64;
const MARGIN = 8;

export class Viewport {
  constructor(
    readonly bounds: Rect,
    readonly size: Size,
    readonly place: Place
  ) {}

  /** All of `bounds` in the stage, with a small margin. */
  static fit(bounds: Rect, size: Size): Viewport {
    const place = {
      x: bounds.x + bounds.width / 2,
      y: bounds.y + bounds.height / 2,
      scale: fittingScale(bounds, size)
    };
    return new Viewport(bounds, size, place);
  }

  toScreen([x, y]: Point): Point {
    const { place, size } = this;
    return [
      (x - place.x) * place.scale + size.width / 2,
      (y - place.y) * place.scale + size.height / 2
    ];
  }

  toImage([x, y]: Point): Point {
    const { place, size } = this;
    return [
      (x - size.width / 2) / place.scale + place.x,
      (y - size.height / 2) / place.scale + place.y
    ];
  }

  /** Zoom by `factor`; the image point under `at` stays there. */
  zoom(factor: number, at: Point = this.middle): Viewport {
    const low = fittingScale(this.bounds, this.size) / 4;
    const scale = clamp(this.place.scale * factor, low, MAX_SCALE);
    const [x, y] = this.toImage(at);
    return this.at({
      x: x - (at[0] - this.size.width / 2) / scale,
      y: y - (at[1] - this.size.height / 2) / scale,
      scale
    });
  }

  /** Move the picture by CSS pixels. */
  pan(dx: number, dy: number): Viewport {
    const { x, y, scale } = this.place;
    return this.at({ x: x - dx / scale, y: y - dy / scale, scale });
  }

  /** Another part of the image; its middle stays on the image. */
  at({ x, y, scale }: Place): Viewport {
    const { bounds } = this;
    const place = {
      x: clamp(x, bounds.x, bounds.x + bounds.width),
      y: clamp(y, bounds.y, bounds.y + bounds.height),
      scale
    };
    return new Viewport(bounds, this.size, place);
  }

  resized(size: Size): Viewport {
    return new Viewport(this.bounds, size, this.place);
  }

  /** The least move that brings an image point `margin` CSS pixels inside the stage. */
  showing(point: Point, margin: number): Viewport {
    const [x, y] = this.toScreen(point);
    const { width, height } = this.size;
    return this.pan(
      clamp(x, margin, width - margin) - x,
      clamp(y, margin, height - margin) - y
    );
  }

  /** The image rectangle that is seen; its edges need not be whole pixels. */
  get seen(): Rect {
    const [x, y] = this.toImage([0, 0]);
    const { scale } = this.place;
    return {
      x,
      y,
      width: this.size.width / scale,
      height: this.size.height / scale
    };
  }

  get middle(): Point {
    return [this.size.width / 2, this.size.height / 2];
  }
}

function fittingScale(bounds: Rect, { width, height }: Size): number {
  return Math.min(
    MAX_SCALE,
    Math.max(width - 2 * MARGIN, 1) / bounds.width,
    Math.max(height - 2 * MARGIN, 1) / bounds.height
  );
}
