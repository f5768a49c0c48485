/** Copy and paste, on one image and from one to another. */

import type { Row } from './answers';
import type { Clip, Clipboard } from './clipboard';
import { QUANTUM, unite, type Point, type Rect } from './geometry';
import type { OpBody } from './ops';
import { reasonOf } from './requests';
import { positionOf } from './shape';
import { toRect } from './relabel';
import type { Workbench } from './workbench';

/** Copies that have no better place lie beside their originals, in CSS pixels. */
const BESIDE = 16;

export class Copying {
  constructor(
    private readonly bench: Workbench,
    /** Names what is annotated here. */
    private readonly document: string,
    private readonly clipboard: Clipboard,
    private readonly pointer: () => Point | null
  ) {}

  copy(): void {
    const { bench, document } = this;
    const ids = [...bench.selection];
    const bounds = boundsOf(bench.chosen);
    if (!bounds) {
      bench.say('Choose labels to copy first.');
      return;
    }
    const { x, y, width, height } = bounds;
    const clip: Clip = {
      document,
      ids,
      bounds: [x, y, width, height],
      labels: null
    };
    this.clipboard.put(clip);
    const what = ids.length === 1 ? '1 label' : `${ids.length} labels`;
    bench.say(
      `${what} copied: Ctrl+V pastes at the pointer, on another image too.`
    );
    bench
      .ask({ op: 'copy', ids })
      .then(({ answer }) => {
        const labels = answer.answer === 'copied' ? answer.labels : null;
        if (!this.clipboard.put({ ...clip, labels })) {
          bench.say('These labels are too many to paste on another image.');
        }
      })
      .catch((error: unknown) => {
        bench.say(reasonOf(error), true);
      });
  }

  paste(): void {
    const { bench } = this;
    const clip = this.clipboard.get();
    if (!clip) {
      bench.say('Nothing is copied yet: choose labels and press Ctrl+C.');
      return;
    }
    const op = this.op(clip);
    if (op) {
      bench.commit(op);
    } else {
      bench.say(
        'The labels are not copied yet: the kernel of the other image is busy.'
      );
    }
  }

  private op({ document, ids, bounds, labels }: Clip): OpBody | null {
    const { rows } = this.bench.tile;
    const here = document === this.document;
    const shift = this.shift(bounds, here);
    if (here && (!labels || ids.every(id => rows.has(id)))) {
      return { op: 'paste', ids, ...shift };
    }
    return labels && { op: 'insert', labels, ...shift };
  }

  /** To the pointer; without one beside the originals, on another image to the middle of what is seen. */
  private shift([x, y, w, h]: Clip['bounds'], here: boolean) {
    const { viewport } = this.bench;
    const beside = BESIDE / viewport.place.scale;
    const middle: Point = [x + w / 2, y + h / 2];
    const [tx, ty] =
      this.pointer() ??
      (here
        ? [middle[0] + beside, middle[1] + beside]
        : viewport.toImage(viewport.middle));
    return {
      dx: Math.round((tx - middle[0]) * QUANTUM),
      dy: Math.round((ty - middle[1]) * QUANTUM)
    };
  }
}

/** The rectangle around labels; a point has no size. */
function boundsOf(rows: readonly Row[]): Rect | null {
  return rows.reduce<Rect | null>((all, row) => {
    const at = positionOf(row);
    const own = row.bounds && toRect(row.bounds);
    return unite(all, at ? { x: at[0], y: at[1], width: 0, height: 0 } : own);
  }, null);
}
