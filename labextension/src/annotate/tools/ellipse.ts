/** Ellipses: drag along the long axis, then move to the width and click. */

import { QUANTUM, distance, type Point } from '../geometry';
import { ellipseRing } from '../shape';
import type { Viewport } from '../viewport';
import { pathOf, strokeTwice } from './marks';
import type { Bench, Spot, Tool } from './tool';

export class Ellipse implements Tool {
  readonly name = 'ellipse';
  readonly cursor = 'crosshair';

  constructor(private readonly bench: Bench) {}

  press({ x, y }: Spot): void {
    if (this.start && this.end) {
      this.pointer = [x, y];
      this.finish();
    } else if (this.start) {
      this.end = this.pointer = [x, y];
    } else {
      this.start = this.pointer = [x, y];
    }
    this.bench.redraw();
  }

  drag(spots: readonly Spot[]): void {
    this.hover(spots[spots.length - 1] ?? null);
  }

  release({ x, y }: Spot): void {
    const { start, end } = this;
    if (start && !end && distance(start, [x, y]) > this.bench.reach) {
      this.end = [x, y];
    }
  }

  hover(spot: Spot | null): void {
    if (this.start && spot) {
      this.pointer = [spot.x, spot.y];
      this.bench.redraw();
    }
  }

  finish(): void {
    const shape = this.shape();
    this.cancel();
    if (!shape) {
      return;
    }
    const radius = (value: number) => Math.max(1, Math.round(value * QUANTUM));
    this.bench.commit(
      {
        op: 'ellipse',
        label_class: this.bench.settings.labelClass,
        x: Math.round(shape.centre.x * QUANTUM),
        y: Math.round(shape.centre.y * QUANTUM),
        radius1: radius(shape.radius1),
        radius2: radius(shape.radius2),
        angle: shape.orientation_radians
      },
      true
    );
  }

  cancel(): boolean {
    const some = Boolean(this.start);
    this.start = this.end = this.pointer = null;
    this.bench.redraw();
    return some;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { start, end, pointer } = this;
    if (!start || !pointer) {
      return;
    }
    const axis = [...start, ...(end ?? pointer)];
    strokeTwice(context, pathOf([axis], viewport, false), '#fff', 1);
    const shape = this.shape();
    if (shape) {
      strokeTwice(context, pathOf([ellipseRing(shape)], viewport));
    }
  }

  private shape() {
    const { start, end, pointer } = this;
    if (!start || !end || !pointer) {
      return null;
    }
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const length = Math.hypot(dx, dy);
    const [px, py] = [pointer[0] - start[0], pointer[1] - start[1]];
    const across = Math.abs(px * dy - py * dx) / Math.max(length, 1e-9);
    return {
      centre: { x: (start[0] + end[0]) / 2, y: (start[1] + end[1]) / 2 },
      radius1: length / 2,
      // Straight after the drag the pointer is on the axis: show something.
      radius2: across < this.bench.reach / 4 ? length / 4 : across,
      orientation_radians: Math.atan2(dy, dx)
    };
  }

  private start: Point | null = null;
  private end: Point | null = null;
  private pointer: Point | null = null;
}
