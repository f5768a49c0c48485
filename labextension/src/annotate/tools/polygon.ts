/** Polygons: a corner per click, or freehand while the button is held. */

import {
  QUANTUM,
  distance,
  quantise,
  ringOf,
  simplify,
  type Point
} from '../geometry';
import type { Painting } from '../ops';
import type { Viewport } from '../viewport';
import { handle, pathOf, strokeTwice } from './marks';
import type { Bench, Spot, Tool, ToolName } from './tool';

/** Freehand corners are this far apart at least, in reaches of the pointer. */
const STEP = 0.3;
const SIMPLER = 0.06;
/** Clicks that near are at the same corner. */
const SAME = 0.35;

export class Polygon implements Tool {
  readonly name: ToolName = 'polygon';
  readonly cursor = 'crosshair';

  constructor(protected readonly bench: Bench) {}

  press(spot: Spot): void {
    const at: Point = [spot.x, spot.y];
    if (!this.corners.length) {
      this.how = this.bench.painting();
      if (!this.how) {
        return;
      }
    }
    const [first] = this.corners;
    if (first && this.closes(at)) {
      this.finish();
      return;
    }
    this.freehand = 0;
    const last = this.corners[this.corners.length - 1];
    this.again = Boolean(last) && distance(last ?? at, at) <= this.near;
    if (!this.again) {
      this.addCorner(at);
    }
    this.bench.redraw();
  }

  drag(spots: readonly Spot[]): void {
    if (!this.corners.length) {
      return;
    }
    for (const { x, y } of spots) {
      const last = this.corners[this.corners.length - 1];
      if (last && distance(last, [x, y]) >= this.bench.reach * STEP) {
        this.corners.push([x, y]);
        this.freehand++;
      }
    }
    this.pointer = this.corners[this.corners.length - 1] ?? null;
    this.bench.redraw();
  }

  release({ x, y }: Spot): void {
    if (this.freehand > 5) {
      this.tidyFreehand();
      if (this.closes([x, y])) {
        this.finish();
      }
    } else if (this.again && !this.freehand && this.corners.length > 2) {
      this.finish(); // clicked twice at the last corner
    }
    this.freehand = 0;
  }

  hover(spot: Spot | null): void {
    this.pointer = spot && [spot.x, spot.y];
    if (this.corners.length) {
      this.bench.redraw();
    }
  }

  double(): void {
    this.finish();
  }

  stepBack(): boolean {
    const some = this.corners.pop();
    this.bench.redraw();
    return Boolean(some);
  }

  get unfinished(): boolean {
    return this.corners.length > 0;
  }

  finish(): void {
    const { corners, how, bench } = this;
    this.cancel();
    if (!corners.length) {
      return;
    }
    if (corners.length < 3 || !how) {
      bench.say('A polygon needs at least three corners: click further ones.');
      return;
    }
    const ring = corners.flatMap(point =>
      point.map(v => Math.round(v * QUANTUM))
    );
    // Another class may have been chosen meanwhile.
    const { labelClass: label_class } = bench.settings;
    bench.commit({ op: 'polygon', ...how, label_class, rings: [ring] });
  }

  cancel(): boolean {
    const some = this.corners.length > 0;
    this.corners = [];
    this.freehand = 0;
    this.bench.redraw();
    return some;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { corners, pointer } = this;
    const [first] = corners;
    if (!first) {
      return;
    }
    const line = [...corners, ...this.ahead()];
    strokeTwice(context, pathOf([ringOf(line)], viewport, false));
    if (corners.length < 200) {
      corners.forEach(corner => {
        handle(context, viewport.toScreen(corner));
      });
    }
    const closing = pointer && corners.length > 2 && this.closes(pointer);
    handle(context, viewport.toScreen(first), Boolean(closing));
  }

  /** The way from the last corner to the pointer, as it would be. */
  protected ahead(): readonly Point[] {
    return this.pointer ? [this.pointer] : [];
  }

  protected addCorner(at: Point): void {
    this.corners.push(at);
  }

  protected closes(at: Point): boolean {
    const [first] = this.corners;
    return (
      this.corners.length > 2 &&
      first !== undefined &&
      distance(first, at) <= this.bench.reach
    );
  }

  private get near(): number {
    return this.bench.reach * SAME;
  }

  private tidyFreehand(): void {
    const drawn = this.corners.splice(-this.freehand - 1);
    const tidy = simplify(drawn, this.bench.reach * SIMPLER);
    this.corners.push(
      ...tidy.map(([x, y]): Point => [quantise(x), quantise(y)])
    );
  }

  protected corners: Point[] = [];
  protected pointer: Point | null = null;
  private how: Painting | null = null;
  private freehand = 0;
  private again = false;
}
