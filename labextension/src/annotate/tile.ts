/** The labels of one tile as the view has them: what the kernel has told, and what was drawn ahead of its answers. */

import { drawAhead } from './ahead';
import type { Vain } from './booleans';
import { clamp, intersect, unite, type Rect } from './geometry';
import { emptyMask, type Mask } from './mask';
import type { Ack, Row, State, Window } from './answers';
import type { OpBody } from './ops';
import { LabelRaster } from './raster';
import { Recording, type Step } from './recording';

export function rectOf([x, y, width, height]: Window): Rect {
  return { x, y, width, height };
}

/** What was drawn for an op: `after` are the labels of `rect`. */
interface Ahead {
  readonly known: boolean;
  readonly rect: Rect | null;
  readonly after: Uint32Array | null;
  readonly vain: Vain | null;
}

/** The rectangle that changed, the checksum to send along, or why nothing is to be sent. */
export interface Drawn {
  readonly rect: Rect | null;
  readonly crc?: number;
  readonly vain?: Vain;
}

/** An op that was drawn and is not answered yet. */
interface Waiting {
  readonly seq: number;
  readonly body: OpBody;
  readonly cover: Mask | null;
  ahead: Ahead;
}

const MAX_STEPS = 50;

export class Tile {
  readonly bounds: Rect;
  readonly raster: LabelRaster;
  readonly rows = new Map<number, Row>();
  nextId: number;

  constructor(state: State, ids: Uint32Array) {
    const window = state.tiles[state.tile];
    if (!window) {
      throw new RangeError(`The kernel told of no tile ${state.tile}.`);
    }
    this.bounds = rectOf(window);
    this.raster = new LabelRaster(this.bounds, ids);
    this.truth = new LabelRaster(this.bounds, ids.slice());
    this.nextId = state.next_id;
    for (const row of state.labels) {
      this.rows.set(row.id, row);
      this.truthRows.set(row.id, row);
    }
  }

  /** Draw an op before the kernel answers. */
  draw(seq: number, body: OpBody, cover: Mask | null = null): Drawn {
    const sure = this.waiting.every(({ ahead }) => ahead.known);
    const ahead = this.run(body, cover);
    if (ahead.vain && sure) {
      return { rect: null, vain: ahead.vain };
    }
    this.waiting.push({ seq, body, cover, ahead });
    return ahead.known
      ? { rect: ahead.rect, crc: ahead.rect ? this.crc(ahead.rect) : 0 }
      : { rect: ahead.rect };
  }

  /** Take the kernel's answer, and its numbers where they differ. Returns what has to be drawn again. */
  take(ack: Ack, patch: Uint32Array | null): Rect | null {
    const at = this.waiting.findIndex(({ seq }) => seq === ack.seq);
    const [mine] = at < 0 ? [] : this.waiting.splice(at, 1);
    this.takeRows(ack);
    const rect = ack.rect && rectOf(ack.rect);
    if (patch && rect) {
      this.truth.put(rect, patch);
      this.nextId = ack.next_id;
      return this.rebase(unite(rect, mine?.ahead.rect ?? null));
    }
    if (rect && mine?.ahead.rect) {
      this.truth.put(rect, this.afterOf(mine, rect));
    }
    if (!this.waiting.length) {
      this.nextId = ack.next_id;
    }
    return null;
  }

  /** The pixels of a label that are seen. */
  maskOf(id: number): Mask | null {
    const bounds = this.rows.get(id)?.bounds;
    const box = bounds && intersect(rectOf(bounds), this.bounds);
    if (!box) {
      return null;
    }
    const mask = emptyMask(box);
    this.raster.copy(box).forEach((value, i) => {
      mask.bits[i] = Number(value === id);
    });
    return mask;
  }

  /** Labels from the lowest to the highest. */
  inOrder(): Row[] {
    return [...this.rows.values()].sort((a, b) => a.z - b.z);
  }

  /** A point of the image, taken into the tile. */
  inside(x: number, y: number): readonly [number, number] {
    const { bounds } = this;
    return [
      clamp(x, bounds.x, bounds.x + bounds.width),
      clamp(y, bounds.y, bounds.y + bounds.height)
    ];
  }

  get unanswered(): number {
    return this.waiting.length;
  }

  private run(body: OpBody, cover: Mask | null): Ahead {
    if (body.op === 'undo' || body.op === 'redo') {
      const redo = body.op === 'redo';
      return this.walk(redo ? this.undone : this.done, redo);
    }
    const into = new Recording(this.raster, this.rows, this.nextId);
    const known = drawAhead(into, body, cover);
    const step = into.finish();
    if (into.vain) {
      return { known: false, rect: null, after: null, vain: into.vain };
    }
    this.nextId = into.next;
    this.undone.length = 0;
    if (known) {
      this.done.push(step);
      this.done.splice(0, this.done.length - MAX_STEPS);
    } else {
      this.done.length = 0; // steps must not be taken back out of order
    }
    return this.outcome(known, step.rect);
  }

  private walk(from: Step[], redo: boolean): Ahead {
    const step = from.pop();
    if (!step) {
      this.done.length = this.undone.length = 0;
      return { known: false, rect: null, after: null, vain: null };
    }
    const into = new Recording(this.raster, this.rows, this.nextId);
    if (step.rect && step.ids) {
      into.touch(step.rect);
      this.raster.put(step.rect, step.ids);
    }
    step.rows.forEach((row, id) => {
      into.setRow(id, row);
    });
    (redo ? this.done : this.undone).push(into.finish());
    return this.outcome(true, step.rect);
  }

  private outcome(known: boolean, rect: Rect | null): Ahead {
    const after = rect && this.raster.copy(rect);
    return { known, rect, after, vain: null };
  }

  private takeRows(ack: Ack): void {
    for (const rows of [this.rows, this.truthRows]) {
      ack.rows.forEach(row => rows.set(row.id, row));
      ack.removed.forEach(id => rows.delete(id));
    }
  }

  /** The kernel saw it otherwise: go back to its labels and draw again what it has not answered yet. */
  private rebase(changed: Rect | null): Rect | null {
    const box = this.waiting.reduce(
      (all, { ahead }) => unite(all, ahead.rect),
      changed
    );
    this.raster.ids.set(this.truth.ids);
    this.rows.clear();
    this.truthRows.forEach((row, id) => this.rows.set(id, row));
    this.done.length = this.undone.length = 0;
    return this.waiting.reduce((all, one) => {
      one.ahead = this.run(one.body, one.cover);
      return unite(all, one.ahead.rect);
    }, box);
  }

  private afterOf({ ahead }: Waiting, rect: Rect): Uint32Array {
    if (!ahead.rect || !ahead.after) {
      return this.truth.copy(rect);
    }
    const drawn = new LabelRaster(ahead.rect, ahead.after);
    return intersect(rect, ahead.rect) ? drawn.copy(rect) : ahead.after;
  }

  private crc(rect: Rect): number {
    return this.raster.checksum(rect);
  }

  private readonly truth: LabelRaster;
  private readonly truthRows = new Map<number, Row>();
  private readonly waiting: Waiting[] = [];
  private readonly done: Step[] = [];
  private readonly undone: Step[] = [];
}
