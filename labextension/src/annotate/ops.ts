/** What the view says to the kernel. axons_kernel/widget/protocol.py explains it and decides. */

export type Mode = 'new' | 'add' | 'subtract' | 'split';

/** What every op that covers pixels says beside its shape. */
export interface Painting {
  readonly mode: Mode;
  readonly target: number;
  readonly label_class: string | null;
  readonly protect: boolean;
}

type Corners = Readonly<Record<'x0' | 'y0' | 'x1' | 'y1', number>>;

/** An op without its number; positions are whole sub-pixels unless it says pixels. */
export type OpBody =
  | (Painting & {
      readonly op: 'stroke';
      readonly points: readonly number[];
      readonly radius: number;
      readonly radii?: readonly number[];
    })
  | (Painting & {
      readonly op: 'polygon';
      readonly rings: readonly (readonly number[])[];
    })
  | (Painting & { readonly op: 'fill'; readonly x: number; readonly y: number })
  | (Painting & {
      readonly op: 'wand';
      readonly x: number;
      readonly y: number;
      readonly tolerance: number;
      readonly connected: boolean;
    })
  | (Painting & {
      readonly op: 'superpixels';
      readonly segments: readonly number[];
      readonly size: number;
      readonly compactness: number;
    })
  | (Painting & Corners & { readonly op: 'grabcut' })
  | (Corners & { readonly op: 'box'; readonly label_class: string | null })
  | {
      readonly op: 'ellipse';
      readonly label_class: string | null;
      readonly x: number;
      readonly y: number;
      readonly radius1: number;
      readonly radius2: number;
      readonly angle: number;
    }
  | {
      readonly op: 'point';
      readonly label_class: string | null;
      readonly x: number;
      readonly y: number;
    }
  | {
      readonly op: 'vertex';
      readonly id: number;
      readonly action: 'move' | 'insert' | 'delete';
      readonly ring: number;
      readonly index: number;
      readonly x?: number;
      readonly y?: number;
    }
  | {
      readonly op: 'move' | 'paste';
      readonly ids: readonly number[];
      readonly dx: number;
      readonly dy: number;
    }
  | {
      readonly op: 'insert';
      readonly labels: readonly object[];
      readonly dx: number;
      readonly dy: number;
    }
  | (Corners & { readonly op: 'resize'; readonly id: number })
  | {
      readonly op: 'threshold';
      readonly label_class: string | null;
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly brighter: boolean;
      readonly separate: boolean;
      readonly protect: boolean;
      readonly min_area: number;
    }
  | { readonly op: 'separate'; readonly id: number }
  | {
      readonly op: 'knife';
      readonly id: number;
      readonly points: readonly number[];
    }
  | {
      readonly op: 'merge' | 'group' | 'ungroup' | 'delete';
      readonly ids: readonly number[];
    }
  | {
      readonly op: 'class';
      readonly ids: readonly number[];
      readonly label_class: string | null;
    }
  | {
      readonly op: 'attribute';
      readonly ids: readonly number[];
      readonly name: string;
      readonly value: boolean | string | null;
    }
  | { readonly op: 'propose'; readonly model: string }
  | { readonly op: 'accept' | 'reject'; readonly ids?: readonly number[] }
  | { readonly op: 'task'; readonly name: string; readonly done: boolean }
  | { readonly op: 'tile_done'; readonly done: boolean }
  | { readonly op: 'undo' | 'redo' };

export type Op = OpBody & {
  readonly session: string;
  readonly seq: number;
  readonly base_rev: number;
  readonly tile: number;
  readonly active_ms: number;
  readonly crc?: number;
};

/** A request without its number: it changes no label. */
export type RequestBody =
  | {
      readonly op: 'hello';
      readonly next: number;
      readonly pixels_of: number | null;
    }
  | {
      readonly op: 'state';
      readonly tile: number;
      readonly pixels_of: number | null;
    }
  | { readonly op: 'geometry' | 'copy'; readonly ids: readonly number[] }
  | {
      readonly op: 'superpixel_map';
      readonly tile: number;
      readonly size: number;
      readonly compactness: number;
    }
  | { readonly op: 'cost_map'; readonly tile: number }
  | { readonly op: 'predict'; readonly model: string }
  | { readonly op: 'save' | 'stop_predicting' }
  | { readonly op: 'resolve'; readonly choice: 'reload' | 'keep_both' };
