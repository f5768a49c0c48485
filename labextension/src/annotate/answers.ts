/** What the kernel says to the view. axons_kernel/widget/protocol.py explains it and decides. */

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
  readonly session: string | null;
  readonly request: number | null;
  readonly rev: number;
  readonly seqs: Readonly<Record<string, number>>;
  readonly error: string | null;
  readonly conflict: boolean;
}

/** How far a model is that looks at the whole image. */
export interface Predicting {
  readonly answer: 'predicting';
  readonly session: string | null;
  readonly request: number | null;
  readonly model: string;
  readonly state: 'running' | 'stopping' | 'done' | 'stopped' | 'failed';
  readonly tiles: number;
  /** 0 before it is known. */
  readonly total: number;
  readonly error: string | null;
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
  readonly tooltip?: string;
}

/** A further thing to say of a label: django-labeller's controls. */
export interface Control {
  readonly control: 'checkbox' | 'radio' | 'popup_menu' | 'text';
  readonly identifier: string;
  readonly label_text: string;
  readonly visibility_label_text?: string | null;
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
  readonly pixel_size_um: number | null;
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
  /** A label to look at. */
  readonly show: number | null;
  readonly next_id: number;
  readonly undo: number;
  readonly redo: number;
  readonly active_s: number;
  readonly saved: Saved;
  readonly predicting?: Predicting | null;
  readonly ids: Block;
  /** Null when the view has them. */
  readonly pixels?: Block | null;
}

export interface GeometryAnswer {
  readonly answer: 'geometry';
  readonly session: string;
  readonly request: number;
  readonly shapes: Readonly<
    Record<string, { readonly regions: readonly (readonly number[])[] }>
  >;
}

export interface Copied {
  readonly answer: 'copied';
  readonly session: string;
  readonly request: number;
  readonly labels: readonly object[];
}

/** Python leads to a tile, and to a label on it. */
export interface Show {
  readonly answer: 'show';
  readonly session: null;
  readonly tile: number;
  readonly label: number | null;
}

export interface MapAnswer {
  readonly answer: 'superpixels' | 'cost_map';
  readonly session: string;
  readonly request: number;
}

export type Answer =
  | Ack
  | Refused
  | Saved
  | Predicting
  | State
  | GeometryAnswer
  | Copied
  | Show
  | (MapAnswer & Readonly<Record<string, unknown>>);

/** Raises for another answer, which nobody has asked for. */
export function stateOf(answer: Answer): State {
  if (answer.answer !== 'state') {
    throw new TypeError(`The kernel answered with ${answer.answer}.`);
  }
  return answer;
}

const ANSWERS = new Set([
  'ack',
  'refused',
  'saved',
  'predicting',
  'state',
  'geometry',
  'copied',
  'show',
  'superpixels',
  'cost_map'
]);

export function parseAnswer(content: unknown): Answer | null {
  const { answer } = (content ?? {}) as { answer?: unknown };
  return typeof answer === 'string' && ANSWERS.has(answer)
    ? (content as Answer)
    : null;
}
