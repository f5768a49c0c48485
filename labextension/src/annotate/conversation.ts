/** What goes between a view and its kernel, and what the view tells of it. */

import type { Answer, Predicting } from './answers';
import type { Numbers } from './blocks';
import type { Rect } from './geometry';

/** The way to a kernel. */
export interface Link {
  readonly alive: boolean;
  send(message: unknown): void;
}

/** An answer with its arrays unpacked. */
export interface Unpacked {
  readonly answer: Answer;
  readonly arrays: ReadonlyMap<string, Numbers>;
}

export type Event =
  /** Another tile, or all of it anew. */
  | { readonly type: 'tile'; readonly pixels: boolean }
  /** Labels have changed in a rectangle. */
  | { readonly type: 'labels'; readonly rect: Rect | null }
  /** Python leads to a tile, and to a label on it. */
  | {
      readonly type: 'show';
      readonly tile: number;
      readonly label: number | null;
    }
  /** How far a model is that looks at the image; null for none. */
  | { readonly type: 'predicting'; readonly now: Predicting | null }
  /** Undo depth, tasks, tiles, counts of unsaved ops. */
  | { readonly type: 'status' }
  | { readonly type: 'message'; readonly text: string; readonly bad: boolean };
