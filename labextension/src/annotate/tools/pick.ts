/** Chooses labels, moves them, and pulls at the handles of one. */

import {
  QUANTUM,
  distance,
  quantise,
  shiftRing,
  type Point,
  type Ring
} from '../geometry';
import type { Viewport } from '../viewport';
import { Grips } from './grips';
import { boxOf, dragged, opOf, resized, type Grip } from './handles';
import { labelsInside } from './lasso';
import { boxPath, pathOf, strokeTwice } from './marks';
import { labelsAt, topmostAt } from './under';
import type { Bench, Spot, Tool } from './tool';

type Gesture =
  | { readonly type: 'grip'; readonly id: number; readonly grip: Grip }
  | { readonly type: 'move' }
  | { readonly type: 'box' };

export class Picker implements Tool {
  readonly name = 'pick';
  readonly cursor = 'default';

  constructor(private readonly bench: Bench) {
    this.grips = new Grips(bench);
  }

  press(spot: Spot): void {
    const { bench } = this;
    const at: Point = [spot.x, spot.y];
    this.start = this.end = at;
    const grip = spot.shift ? null : this.grips.under(at);
    if (grip) {
      this.gesture = { type: 'grip', ...grip };
      if (spot.alt) {
        this.deleteCorner(grip.id, grip.grip);
      }
      return;
    }
    const id = topmostAt(bench, at);
    if (!id) {
      this.gesture = { type: 'box' };
      if (!spot.shift) {
        bench.select([]);
      }
      return;
    }
    this.choose(id, spot.shift);
    this.gesture = { type: 'move' };
  }

  drag(spots: readonly Spot[]): void {
    const last = spots[spots.length - 1];
    if (this.gesture && last) {
      this.end = [last.x, last.y];
      this.bench.redraw();
    }
  }

  release(spot: Spot): void {
    const { gesture, start, end, bench } = this;
    this.cancel();
    if (!gesture || !start || !end) {
      return;
    }
    if (distance(start, end) < bench.reach / 3) {
      return;
    }
    if (gesture.type === 'box') {
      this.chooseInside(start, end, spot.shift);
    } else if (gesture.type === 'move') {
      const [dx, dy] = moveOf(start, end);
      const ids = [...bench.selection];
      bench.commit({ op: 'move', ids, dx: dx * QUANTUM, dy: dy * QUANTUM });
    } else {
      const row = bench.tile.rows.get(gesture.id);
      const op = row && opOf(row, gesture.grip, end);
      if (op) {
        bench.commit(op);
      }
    }
  }

  hover(spot: Spot | null): void {
    const grip = spot && this.grips.under([spot.x, spot.y]);
    if (JSON.stringify(grip?.grip) !== JSON.stringify(this.hot)) {
      this.hot = grip?.grip ?? null;
      this.bench.redraw();
    }
    this.pointer = spot && [spot.x, spot.y];
  }

  /** The next of the labels that lie over each other under the pointer. */
  step(by: 1 | -1): void {
    const { bench, pointer } = this;
    const under = pointer ? labelsAt(bench, pointer) : [];
    if (under.length) {
      const at = under.findIndex(id => bench.selection.has(id));
      const next = under[(at + by + under.length) % under.length];
      bench.select(next === undefined ? [] : [next]);
      const place = under.indexOf(next ?? 0) + 1;
      bench.say(`Label ${place} of ${under.length} under the pointer.`);
    }
  }

  stepBack(): boolean {
    const id = this.grips.single;
    if (!this.hot || id === null || this.hot.kind !== 'corner') {
      return false;
    }
    this.deleteCorner(id, this.hot);
    return true;
  }

  cancel(): boolean {
    const some = Boolean(this.gesture);
    this.gesture = this.start = this.end = null;
    this.bench.redraw();
    return some;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { gesture, start, end } = this;
    if (gesture?.type === 'box' && start && end) {
      const box = boxPath(viewport.toScreen(start), viewport.toScreen(end));
      context.setLineDash([4, 4]);
      strokeTwice(context, box, '#fff', 1);
      context.setLineDash([]);
    } else if (gesture && start && end) {
      this.paintGesture(context, viewport, gesture, start, end);
    } else {
      this.grips.paint(context, viewport, this.hot, this.pointer);
    }
  }

  private paintGesture(
    context: CanvasRenderingContext2D,
    viewport: Viewport,
    gesture: Gesture,
    start: Point,
    end: Point
  ): void {
    for (const id of this.bench.selection) {
      const rings = this.bench.contourOf(id);
      const changed = this.changed(gesture, id, rings, start, end);
      strokeTwice(context, pathOf(changed, viewport));
    }
  }

  private changed(
    gesture: Gesture,
    id: number,
    rings: readonly Ring[],
    start: Point,
    end: Point
  ): readonly Ring[] {
    if (gesture.type === 'move') {
      const [dx, dy] = moveOf(start, end);
      return rings.map(ring => shiftRing(ring, dx, dy));
    }
    const row = this.bench.tile.rows.get(id);
    const box = row && boxOf(row);
    if (gesture.type === 'grip' && gesture.grip.kind === 'box' && box) {
      const { x0, y0, x1, y1 } = resized(box, gesture.grip.index, end);
      return [[x0, y0, x1, y0, x1, y1, x0, y1]];
    }
    return gesture.type === 'grip' ? dragged(rings, gesture.grip, end) : rings;
  }

  private deleteCorner(id: number, grip: Grip): void {
    this.gesture = this.hot = null;
    if (grip.kind === 'corner') {
      const { ring, index } = grip;
      this.bench.commit({ op: 'vertex', id, action: 'delete', ring, index });
    }
  }

  private choose(id: number, more: boolean): void {
    const { bench } = this;
    if (!more) {
      if (!bench.selection.has(id)) {
        bench.select([id]);
      }
      return;
    }
    const chosen = new Set(bench.selection);
    if (!chosen.delete(id)) {
      chosen.add(id);
    }
    bench.select(chosen);
  }

  private chooseInside(a: Point, b: Point, more: boolean): void {
    const { bench } = this;
    const line: Point[] = [a, [b[0], a[1]], b, [a[0], b[1]]];
    const found = labelsInside(bench, line);
    bench.select(more ? [...bench.selection, ...found] : found);
  }

  private readonly grips: Grips;
  private gesture: Gesture | null = null;
  private hot: Grip | null = null;
  private start: Point | null = null;
  private end: Point | null = null;
  private pointer: Point | null = null;
}

/** Whole sixteenths of a pixel. */
function moveOf(start: Point, end: Point): Point {
  return [quantise(end[0] - start[0]), quantise(end[1] - start[1])];
}
