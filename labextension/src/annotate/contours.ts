/** Outlines of labels: exact ones are the kernel's and asked for once, quick ones are read off the raster. */

import type { Row } from './answers';
import type { Annotator } from './annotator';
import { QUANTUM, shiftRing, type Ring } from './geometry';
import type { OpBody } from './ops';
import { outlines } from './outline';
import { ringsOf } from './shape';
import { dragged } from './tools/handles';

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
    const rings =
      ringsOf(row) ?? this.known.get(row) ?? this.expected.get(row.id);
    if (!rings && row.object_id) {
      this.ask(row);
    }
    return rings ?? null;
  }

  /** An op is sent: what it makes of outlines that are known need not be asked for. */
  follow(body: OpBody): void {
    if (body.op === 'move') {
      for (const id of body.ids) {
        const [dx, dy] = [body.dx / QUANTUM, body.dy / QUANTUM];
        const rings = this.ofNow(id)?.map(ring => shiftRing(ring, dx, dy));
        this.expect(id, rings);
      }
    } else if (body.op === 'vertex' && body.action !== 'delete') {
      const { ring, index, x = 0, y = 0 } = body;
      const kind = body.action === 'move' ? 'corner' : 'side';
      const to = [x / QUANTUM, y / QUANTUM] as const;
      const rings = this.ofNow(body.id);
      this.expect(body.id, rings && dragged(rings, { kind, ring, index }, to));
    } else {
      this.expected.clear();
    }
  }

  /** Another tile, or all labels anew. */
  reset(): void {
    this.expected.clear();
    this.quick.clear();
  }

  private ofNow(id: number): readonly Ring[] | undefined {
    const row = this.annotator.tile?.rows.get(id);
    return row && (this.known.get(row) ?? this.expected.get(id));
  }

  private expect(id: number, rings: readonly Ring[] | undefined): void {
    if (rings) {
      this.expected.set(id, rings);
    } else {
      this.expected.delete(id);
    }
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
  private readonly expected = new Map<number, readonly Ring[]>();
  /** By row: a label that changes gets a new one. */
  private readonly known = new WeakMap<Row, readonly Ring[]>();
  private readonly asked = new WeakSet<Row>();
}
