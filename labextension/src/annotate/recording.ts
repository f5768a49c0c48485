/** One op being drawn into a tile, with what is needed to take it back. */

import type { Vain } from './booleans';
import { intersect, type Rect } from './geometry';
import type { Row } from './answers';
import { LabelRaster } from './raster';

/** What a tile was before a step: the labels of a rectangle, and the rows that changed. */
export interface Step {
  readonly rect: Rect | null;
  readonly ids: Uint32Array | null;
  readonly rows: ReadonlyMap<number, Row | null>;
}

export class Recording {
  constructor(
    readonly raster: LabelRaster,
    private readonly rows: Map<number, Row>,
    /** The number that the next label gets. */
    public next: number
  ) {}

  /** To be called before pixels change, once, with a rectangle that holds them all. */
  touch(rect: Rect): void {
    const inside = intersect(rect, this.raster.bounds);
    if (inside) {
      this.before = { rect: inside, ids: this.raster.copy(inside) };
    }
  }

  row(id: number): Row | undefined {
    return this.rows.get(id);
  }

  setRow(id: number, row: Row | null): void {
    if (!this.old.has(id)) {
      this.old.set(id, this.rows.get(id) ?? null);
    }
    if (row) {
      this.rows.set(id, row);
    } else {
      this.rows.delete(id);
    }
  }

  change(id: number, change: Partial<Row>): void {
    const row = this.rows.get(id);
    if (row) {
      this.setRow(id, { ...row, ...change });
    }
  }

  /** The number of a label that is made. */
  fresh(): number {
    this.made++;
    return this.next++;
  }

  /** The highest place in the drawing order, plus one. */
  top(): number {
    let top = 0;
    for (const { z } of this.rows.values()) {
      top = Math.max(top, z + 1);
    }
    return top;
  }

  /** What undoes it: the rectangle is the smallest that holds all changed pixels. */
  finish(): Step {
    const { before, raster } = this;
    const rect = before && raster.changed(before.rect, before.ids);
    const ids =
      before && rect && new LabelRaster(before.rect, before.ids).copy(rect);
    return { rect, ids, rows: this.old };
  }

  /** Why the op changes nothing, where that is known. */
  vain: Vain | null = null;
  /** How many labels were made. */
  made = 0;
  private before: { rect: Rect; ids: Uint32Array } | null = null;
  private readonly old = new Map<number, Row | null>();
}
