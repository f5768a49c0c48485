/** What all tools have in common. */

import type { Rect, Ring } from '../geometry';
import type { Mode, OpBody, Painting, RequestBody } from '../ops';
import type { Mask } from '../mask';
import type { Preview } from '../stage/layers';
import type { Tile } from '../tile';
import type { Viewport } from '../viewport';
import type { Unpacked } from '../conversation';

/** Where the pointer is: image pixels, in sixteenths. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  /** 0 to 1 of a pen, else null. */
  readonly pressure: number | null;
  readonly shift: boolean;
  readonly alt: boolean;
}

export type ToolName =
  | 'pick'
  | 'lasso'
  | 'brush'
  | 'eraser'
  | 'polygon'
  | 'livewire'
  | 'box'
  | 'ellipse'
  | 'point'
  | 'fill'
  | 'wand'
  | 'superpixels'
  | 'grabcut'
  | 'threshold'
  | 'knife';

/** What is chosen for drawing. */
export interface Settings {
  readonly labelClass: string | null;
  readonly protect: boolean;
  /** Image pixels. */
  readonly radius: number;
  readonly pressure: boolean;
  /** Percent of the tile's range of values. */
  readonly tolerance: number;
  /** Of an object that a threshold finds, in pixels. */
  readonly minArea: number;
  readonly connected: boolean;
  readonly superpixel: number;
  readonly compactness: number;
  readonly brighter: boolean;
  readonly separate: boolean;
}

/** What a tool works with. */
export interface Bench {
  readonly tile: Tile;
  readonly settings: Settings;
  readonly mode: Mode;
  readonly selection: ReadonlySet<number>;
  readonly viewport: Viewport;
  readonly tileNumber: number;
  /** How far, in image pixels, the pointer still finds something. */
  readonly reach: number;
  /** Mode and target for what is drawn now; null, with a message to the user, when there is no target. */
  painting(): Painting | null;
  select(ids: Iterable<number>): void;
  /** Whether a label can be seen, and so be picked. */
  seen(id: number): boolean;
  /**
   * Draw a gesture and send it; the label that it makes is selected when `select` is set. `cover` are the pixels of
   * an op that only names them.
   */
  commit(body: OpBody, select?: boolean, cover?: Mask): void;
  ask(body: RequestBody): Promise<Unpacked>;
  preview(preview: Preview | null, rect: Rect | null): void;
  /** The corners of a label as the kernel has them; null while they are asked for. */
  outlineOf(id: number): readonly Ring[] | null;
  /** The outlines of a label as it is seen. */
  contourOf(id: number): readonly Ring[];
  redraw(): void;
  say(text: string): void;
}

export interface Tool {
  readonly name: ToolName;
  readonly cursor: string;
  /** The tool was chosen. */
  begin?(): void;
  press(spot: Spot): void;
  /** All positions since the last call, in their order. */
  drag?(spots: readonly Spot[]): void;
  release?(spot: Spot): void;
  /** The pointer moves without being pressed; null: it left. */
  hover?(spot: Spot | null): void;
  double?(spot: Spot): void;
  /** Take back the last part of a gesture, or delete what is marked; false when there is nothing. */
  stepBack?(): boolean;
  /** Whether `finish` would end something. */
  readonly unfinished?: boolean;
  finish?(): void;
  /** Drop a gesture that is going on; false when there is none. */
  cancel?(): boolean;
  /** Go to the next thing under the pointer, or a larger size: `[` and `]`. */
  step?(by: 1 | -1): void;
  /** Marks over the picture. */
  paint?(context: CanvasRenderingContext2D, viewport: Viewport): void;
}
