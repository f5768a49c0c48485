/** Outlines of labels: exact ones are the kernel's and asked for once, quick ones are read off the raster. */

import type { Row } from './answers';
import type { Annotator } from './annotator';
import type { Ring } from './geometry';
import { outlines } from './outline';
import { ringsOf } from './shape';

export class Contours {
  constructor(
    private readonly annotator: Annotator,
    private readonly arrived: () => void
  ) {}

  /** As it is seen now. */
  seen(id: number): readonly Ring[] {
    const known = this.quick.get(id);
    if (known) {
      return known;
    }
    const mask = this.annotator.tile?.maskOf(id);
    const rings = mask ? outlines(mask) : [];
    this.quick.set(id, rings);
    return rings;
  }

  /** As the kernel has it; null while it is asked for. */
  exact(id: number): readonly Ring[] | null {
    const row = this.annotator.tile?.rows.get(id);
    if (!row) {
      return null;
    }
    const rings = ringsOf(row) ?? this.known.get(row);
    if (!rings && row.object_id) {
      this.ask(row);
    }
    return rings ?? null;
  }

  /** Labels have changed. */
  forget(): void {
    this.quick.clear();
  }

  private ask(row: Row): void {
    if (this.asked.has(row)) {
      return;
    }
    this.asked.add(row);
    this.annotator
      .ask({ op: 'geometry', ids: [row.id] })
      .then(({ answer }) => {
        const shapes = answer.answer === 'geometry' ? answer.shapes : {};
        this.known.set(row, shapes[row.id]?.regions ?? []);
        this.arrived();
      })
      .catch((error: unknown) => {
        this.asked.delete(row);
        console.warn('Axons: no outline came', error);
      });
  }

  private readonly quick = new Map<number, readonly Ring[]>();
  /** By row: a label that changes gets a new one. */
  private readonly known = new WeakMap<Row, readonly Ring[]>();
  private readonly asked = new WeakSet<Row>();
}
