/** What the view and the kernel say to each other. axons_kernel/widget/protocol.py explains it and decides. */

export type Attributes = Readonly<Record<string, unknown>>;
export type Window = readonly [
  x: number,
  y: number,
  width: number,
  height: number
];

export interface Row {
  readonly id: number;
  readonly object_id: string;
  readonly z: number;
  readonly label_class: string | null;
  readonly source: string | null;
  readonly proposal: boolean;
  readonly kind: string;
  readonly bounds: Window | null;
  readonly attributes: Attributes;
  readonly shape: Readonly<Record<string, unknown>> | null;
}

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
    }
  | { readonly op: 'separate'; readonly id: number }
  | {
      readonly op: 'knife';
      readonly id: number;
      readonly points: readonly number[];
    }
  | { readonly op: 'merge' | 'delete'; readonly ids: readonly number[] }
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
  | { readonly op: 'hello' }
  | { readonly op: 'state'; readonly tile: number }
  | { readonly op: 'geometry'; readonly ids: readonly number[] }
  | {
      readonly op: 'superpixel_map';
      readonly tile: number;
      readonly size: number;
      readonly compactness: number;
    }
  | { readonly op: 'cost_map'; readonly tile: number }
  | { readonly op: 'save' }
  | { readonly op: 'resolve'; readonly choice: 'reload' | 'keep_both' };

/** An array in a buffer: zlib-deflated, little-endian, row by row. */
export interface Block {
  readonly buffer: number;
  readonly dtype: 'uint8' | 'uint16' | 'uint32' | 'float32';
  readonly shape: readonly number[];
}

export interface Ack {
  readonly answer: 'ack';
  readonly session: string;
  readonly seq: number;
  readonly rev: number;
  readonly tile: number;
  readonly rect: Window | null;
  readonly crc: number;
  readonly rows: readonly Row[];
  readonly removed: readonly number[];
  readonly next_id: number;
  readonly undo: number;
  readonly redo: number;
  readonly message: string;
  readonly completed_tasks: readonly string[];
  readonly finished_tiles: readonly number[];
  readonly patch?: Block;
}

export interface Refused {
  readonly answer: 'refused';
  readonly session: string | null;
  readonly seq: number | null;
  readonly request: number | null;
  readonly expected: number | null;
  readonly consumed: boolean;
  readonly error: string;
}

export interface Saved {
  readonly answer: 'saved';
  readonly request: number | null;
  readonly rev: number;
  readonly seqs: Readonly<Record<string, number>>;
  readonly error: string | null;
  readonly conflict: boolean;
}

export interface ClassInfo {
  readonly name: string;
  readonly human_name: string;
  readonly group: string;
  readonly colours: Readonly<Record<string, readonly number[]>>;
}

export interface Choice {
  readonly value: string;
  readonly label_text: string;
}

/** A further thing to say of a label: django-labeller's controls. */
export interface Control {
  readonly control: 'checkbox' | 'radio' | 'popup_menu' | 'text';
  readonly identifier: string;
  readonly label_text: string;
  readonly choices?: readonly Choice[];
  readonly groups?: readonly {
    readonly label_text: string;
    readonly choices: readonly Choice[];
  }[];
  readonly multiline?: boolean;
}

export interface Named {
  readonly name: string;
  readonly human_name: string;
}

export interface ImageInfo {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dtype: string;
  readonly rgb: boolean;
  readonly channels: readonly {
    readonly name: string;
    readonly range: readonly [number, number];
    readonly colour: string;
  }[];
  readonly pixel_size_um: number;
}

export interface State {
  readonly answer: 'state';
  readonly session: string;
  readonly request: number;
  readonly last: number;
  readonly rev: number;
  readonly tile: number;
  readonly tiles: readonly Window[];
  readonly finished_tiles: readonly number[];
  readonly image: ImageInfo;
  readonly limits: readonly (readonly [number, number])[];
  readonly classes: readonly ClassInfo[];
  readonly schemes: readonly Named[];
  readonly controls: readonly Control[];
  readonly tasks: readonly Named[];
  readonly completed_tasks: readonly string[];
  readonly models: readonly string[];
  readonly labels: readonly Row[];
  readonly next_id: number;
  readonly undo: number;
  readonly redo: number;
  readonly active_s: number;
  readonly saved: Saved;
  readonly ids: Block;
  readonly pixels?: Block;
}

export interface GeometryAnswer {
  readonly answer: 'geometry';
  readonly request: number;
  readonly shapes: Readonly<
    Record<string, { readonly regions: readonly (readonly number[])[] }>
  >;
}

export interface MapAnswer {
  readonly answer: 'superpixels' | 'cost_map';
  readonly request: number;
}

export type Answer =
  | Ack
  | Refused
  | Saved
  | State
  | GeometryAnswer
  | (MapAnswer & Readonly<Record<string, unknown>>);

const ANSWERS = new Set([
  'ack',
  'refused',
  'saved',
  'state',
  'geometry',
  'superpixels',
  'cost_map'
]);

export function parseAnswer(content: unknown): Answer | null {
  const { answer } = (content ?? {}) as { answer?: unknown };
  return typeof answer === 'string' && ANSWERS.has(answer)
    ? (content as Answer)
    : null;
}
