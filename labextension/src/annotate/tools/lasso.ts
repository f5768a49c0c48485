/** Lines drawn freehand: the lasso chooses labels, the knife cuts one. */

import {
  QUANTUM,
  distance,
  intersect,
  simplify,
  type Point
} from '../geometry';
import { ringOf } from '../geometry';
import { boundsOf, contains } from '../geometry';
import { fillRings } from '../rasterise';
import { positionOf } from '../shape';
import type { Viewport } from '../viewport';
import { pathOf, strokeTwice } from './marks';
import type { Bench, Spot, Tool } from './tool';

/** Which share of a label's pixels has to lie in the lasso. */
const SHARE = 0.5;

abstract class Line implements Tool {
  abstract readonly name: 'lasso' | 'knife';
  readonly cursor = 'crosshair';

  constructor(protected readonly bench: Bench) {}

  press({ x, y }: Spot): void {
    this.line = [[x, y]];
    this.bench.redraw();
  }

  drag(spots: readonly Spot[]): void {
    for (const { x, y } of spots) {
      const last = this.line[this.line.length - 1];
      if (last && distance(last, [x, y]) > this.bench.reach / 4) {
        this.line.push([x, y]);
      }
    }
    this.bench.redraw();
  }

  release(spot: Spot): void {
    const { line } = this;
    this.cancel();
    if (line.length > 1) {
      this.use(line, spot);
    }
  }

  cancel(): boolean {
    const some = this.line.length > 0;
    this.line = [];
    this.bench.redraw();
    return some;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    if (this.line.length) {
      const closed = this.name === 'lasso';
      const path = pathOf([ringOf(this.line)], viewport, closed);
      context.setLineDash([5, 4]);
      strokeTwice(context, path);
      context.setLineDash([]);
    }
  }

  protected abstract use(line: readonly Point[], spot: Spot): void;

  private line: Point[] = [];
}

export class Lasso extends Line {
  readonly name = 'lasso';

  protected use(line: readonly Point[], spot: Spot): void {
    const found = labelsInside(this.bench, line);
    this.bench.select(spot.shift ? [...this.bench.selection, ...found] : found);
    this.bench.say(
      found.length === 1 ? '1 label chosen.' : `${found.length} labels chosen.`
    );
  }
}

export function labelsInside(bench: Bench, line: readonly Point[]): number[] {
  const { tile } = bench;
  const ring = ringOf(line);
  const box = boundsOf([ring]);
  const window = box && intersect(box, tile.bounds);
  const inside = new Map<number, number>();
  const whole = new Map<number, number>();
  if (window) {
    const { bits } = fillRings([ring], window);
    tile.raster.copy(window).forEach((id, i) => {
      inside.set(id, (inside.get(id) ?? 0) + (bits[i] ?? 0));
    });
    for (const id of tile.raster.ids) {
      if (inside.has(id)) {
        whole.set(id, (whole.get(id) ?? 0) + 1);
      }
    }
  }
  return tile
    .inOrder()
    .filter(row => {
      const at = positionOf(row);
      return at
        ? contains([ring], at)
        : (inside.get(row.id) ?? 0) > SHARE * (whole.get(row.id) ?? Infinity);
    })
    .map(({ id }) => id)
    .filter(id => bench.seen(id));
}

export class Knife extends Line {
  readonly name = 'knife';

  protected use(line: readonly Point[]): void {
    const { bench } = this;
    const id = this.target(line);
    if (!id) {
      bench.say('Draw the cut across a label.');
      return;
    }
    const points = simplify(line, bench.reach / 20).flatMap(point =>
      point.map(value => Math.round(value * QUANTUM))
    );
    bench.commit({ op: 'knife', id, points });
  }

  /** The chosen label, else the one under most of the line. */
  private target(line: readonly Point[]): number {
    const { selection, tile } = this.bench;
    if (selection.size === 1) {
      return [...selection][0] ?? 0;
    }
    const counts = new Map<number, number>();
    for (const [x, y] of line) {
      const id = tile.raster.at(x, y);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    counts.delete(0);
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
  }
}
