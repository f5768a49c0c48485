/** Tools that are a box drawn with the pointer: box label, GrabCut, and threshold. */

import { QUANTUM, distance, type Point } from '../geometry';
import type { OpBody } from '../ops';
import type { Viewport } from '../viewport';
import { boxPath, strokeTwice } from './marks';
import type { Bench, Spot, Tool } from './tool';

export class Rubber implements Tool {
  readonly cursor = 'crosshair';

  constructor(
    readonly name: 'box' | 'grabcut' | 'threshold',
    private readonly bench: Bench
  ) {}

  press({ x, y }: Spot): void {
    // A second press ends what a click has begun.
    if (this.start && this.clicked) {
      this.commit([x, y]);
      return;
    }
    this.start = this.end = [x, y];
    this.clicked = false;
    this.bench.redraw();
  }

  drag(spots: readonly Spot[]): void {
    const last = spots[spots.length - 1];
    this.hover(last ?? null);
  }

  release({ x, y }: Spot): void {
    if (!this.start) {
      return;
    }
    if (distance(this.start, [x, y]) < this.bench.reach / 2) {
      this.clicked = true;
      return;
    }
    this.commit([x, y]);
  }

  hover(spot: Spot | null): void {
    if (this.start && spot) {
      this.end = [spot.x, spot.y];
      this.bench.redraw();
    }
  }

  cancel(): boolean {
    const some = Boolean(this.start);
    this.start = this.end = null;
    this.clicked = false;
    this.bench.redraw();
    return some;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    if (this.start && this.end) {
      const a = viewport.toScreen(this.start);
      const b = viewport.toScreen(this.end);
      strokeTwice(context, boxPath(a, b));
    }
  }

  private commit(end: Point): void {
    const { start } = this;
    this.cancel();
    if (!start || start[0] === end[0] || start[1] === end[1]) {
      return;
    }
    const body = this.body(start, end);
    if (body) {
      this.bench.commit(body, this.name !== 'threshold');
    }
  }

  private body(a: Point, b: Point): OpBody | null {
    const { bench, name } = this;
    const [l, r] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
    const [t, u] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
    const corners = {
      x0: Math.round(l * QUANTUM),
      y0: Math.round(t * QUANTUM),
      x1: Math.round(r * QUANTUM),
      y1: Math.round(u * QUANTUM)
    };
    const { labelClass: label_class } = bench.settings;
    if (name === 'box') {
      return { op: 'box', label_class, ...corners };
    }
    if (name === 'grabcut') {
      const how = bench.painting();
      return how && { op: 'grabcut', ...how, ...corners };
    }
    const { brighter, separate, protect, minArea } = bench.settings;
    const [x, y] = [Math.floor(l), Math.floor(t)];
    const [width, height] = [Math.ceil(r) - x, Math.ceil(u) - y];
    const window = { x, y, width, height };
    return {
      op: 'threshold',
      label_class,
      ...window,
      brighter,
      separate,
      protect,
      min_area: minArea
    };
  }

  private start: Point | null = null;
  private end: Point | null = null;
  private clicked = false;
}
