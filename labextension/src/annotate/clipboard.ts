/** Copied labels, for every view of this browser: what a page has copied, another one may paste. */

import type { Window } from './answers';
import type { Shelf } from './queue';

export interface Clip {
  /** Names what they were copied from, and their numbers there. */
  readonly document: string;
  readonly ids: readonly number[];
  /** What holds them, in pixels of their image. */
  readonly bounds: Window;
  /** The labels themselves; null until the kernel has told them. */
  readonly labels: readonly object[] | null;
}

const KEY = 'axons-annotate-copied';

export class Clipboard {
  constructor(private readonly shelf: Shelf) {}

  /** False when the browser has no room for them. */
  put(clip: Clip): boolean {
    try {
      this.shelf.setItem(KEY, JSON.stringify(clip));
      return true;
    } catch (error) {
      console.warn('Axons: the labels cannot be kept for other images.', error);
      return false;
    }
  }

  /** What was copied last; null for nothing, and for what is no clip. The kernel looks at the labels themselves. */
  get(): Clip | null {
    try {
      const clip = JSON.parse(this.shelf.getItem(KEY) ?? 'null') as unknown;
      return isClip(clip) ? clip : null;
    } catch (error) {
      console.warn('Axons: what was copied cannot be read.', error);
      return null;
    }
  }
}

function isClip(clip: unknown): clip is Clip {
  const { document, ids, bounds, labels } = (clip ?? {}) as Record<
    keyof Clip,
    unknown
  >;
  return (
    typeof document === 'string' &&
    isNumbers(ids) &&
    ids.length > 0 &&
    isNumbers(bounds) &&
    bounds.length === 4 &&
    (labels === null || Array.isArray(labels))
  );
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}
