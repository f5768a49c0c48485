/** The colours of labels, by their numbers, as the four bytes of a canvas's pixel. */

import type { ClassInfo, Row } from '../answers';
import { passes, type Filter } from '../filter';

export type Visibility = 'full' | 'faint' | 'hidden';

/** How labels are shown. A null class is that of unclassified labels. */
export interface LabelLook {
  readonly visibility: Visibility;
  /** Of the filled area, 0 to 1. */
  readonly opacity: number;
  readonly scheme: string;
  readonly hidden: ReadonlySet<string | null>;
  readonly filter: Filter;
}

export const UNCLASSIFIED = [150, 150, 150] as const;
const FAINT = { fill: 0.3, edge: 0.55 };
const FULL = { fill: 1, edge: 1 };

export class Palette {
  fill = new Uint32Array(256);
  edge = new Uint32Array(256);

  update(
    rows: Iterable<Row>,
    next: number,
    classes: readonly ClassInfo[],
    look: LabelLook
  ): void {
    if (next >= this.fill.length) {
      this.fill = new Uint32Array(2 * next);
      this.edge = new Uint32Array(2 * next);
    }
    this.fill.fill(0);
    this.edge.fill(0);
    if (look.visibility === 'hidden') {
      return;
    }
    const share = look.visibility === 'faint' ? FAINT : FULL;
    const colours = new Map(
      classes.map(({ name }) => [name, colourOf(classes, name, look.scheme)])
    );
    for (const row of rows) {
      if (passes(look, row)) {
        const { id, label_class, proposal } = row;
        const colour = colours.get(label_class ?? '') ?? UNCLASSIFIED;
        const opacity = proposal ? look.opacity / 2 : look.opacity;
        this.fill[id] = bytesOf(colour, share.fill * opacity);
        this.edge[id] = bytesOf(colour, share.edge);
      }
    }
  }

  /** A label that is being drawn and has no row yet. */
  lend(id: number, colour: readonly number[], look: LabelLook): void {
    const share = look.visibility === 'faint' ? FAINT : FULL;
    this.fill[id] = bytesOf(colour, share.fill * look.opacity);
    this.edge[id] = bytesOf(colour, share.edge);
  }
}

export function colourOf(
  classes: readonly ClassInfo[],
  name: string | null,
  scheme: string
): readonly number[] {
  const colours = classes.find(item => item.name === name)?.colours;
  return colours?.[scheme] ?? colours?.['default'] ?? UNCLASSIFIED;
}

export function cssOf([r = 0, g = 0, b = 0]: readonly number[]): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Little-endian: red is the lowest byte. */
function bytesOf(
  [r = 0, g = 0, b = 0]: readonly number[],
  opacity: number
): number {
  const a = Math.round(255 * Math.min(1, opacity));
  return ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
