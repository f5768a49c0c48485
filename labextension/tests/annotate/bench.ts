/** A bench for tools without a page: it keeps what is sent. */

import type { State } from '../../src/annotate/answers';
import type { Ring } from '../../src/annotate/geometry';
import type { Mode, OpBody } from '../../src/annotate/ops';
import type { Preview } from '../../src/annotate/stage/layers';
import { Tile } from '../../src/annotate/tile';
import type {
  Bench,
  Settings,
  Spot,
  Tool
} from '../../src/annotate/tools/tool';
import { Viewport } from '../../src/annotate/viewport';

const SIDE = 64;

export function spot(x: number, y: number, more: Partial<Spot> = {}): Spot {
  return { x, y, pressure: null, shift: false, alt: false, ...more };
}

export class TestBench implements Bench {
  readonly sent: OpBody[] = [];
  readonly said: string[] = [];
  readonly previews: (Preview | null)[] = [];
  readonly outlines = new Map<number, readonly Ring[]>();
  answer: Bench['ask'] = () => Promise.reject(new Error('nobody is asked'));
  selection: ReadonlySet<number> = new Set();
  mode: Mode = 'new';
  readonly tileNumber = 0;
  readonly reach = 2;
  readonly viewport = Viewport.fit(
    { x: 0, y: 0, width: SIDE, height: SIDE },
    { width: 4 * SIDE + 16, height: 4 * SIDE + 16 }
  );
  settings: Settings = {
    labelClass: 'axon',
    protect: false,
    radius: 3,
    pressure: true,
    tolerance: 8,
    connected: true,
    superpixel: 8,
    compactness: 10,
    brighter: true,
    separate: true,
    minArea: 1
  };
  readonly tile: Tile;

  constructor() {
    const state = {
      tile: 0,
      tiles: [[0, 0, SIDE, SIDE]],
      labels: [],
      next_id: 1
    };
    this.tile = new Tile(
      state as unknown as State,
      new Uint32Array(SIDE * SIDE)
    );
  }

  painting() {
    const { mode } = this;
    const target = [...this.selection][0] ?? 0;
    return { mode, target, label_class: 'axon', protect: false };
  }

  select(ids: Iterable<number>) {
    this.selection = new Set(ids);
  }

  seen(id: number) {
    return id > 0;
  }

  commit(body: OpBody) {
    this.sent.push(body);
    this.tile.draw(this.sent.length, body);
  }

  ask(body: Parameters<Bench['ask']>[0]) {
    return this.answer(body);
  }

  preview(preview: Preview | null) {
    this.previews.push(preview);
  }

  outlineOf(id: number) {
    return this.outlines.get(id) ?? null;
  }

  contourOf(id: number) {
    return this.outlines.get(id) ?? [];
  }

  redraw() {
    // There is nothing to see.
  }

  say(text: string) {
    this.said.push(text);
  }
}

export function click(tool: Tool, ...points: [number, number][]): void {
  for (const [x, y] of points) {
    tool.press(spot(x, y));
    tool.release?.(spot(x, y));
  }
}

export function drag(tool: Tool, ...points: [number, number][]): void {
  const spots = points.map(([x, y]) => spot(x, y));
  tool.press(spots[0] ?? spot(0, 0));
  tool.drag?.(spots.slice(1));
  tool.release?.(spots.at(-1) ?? spot(0, 0));
}

export function box(x: number, y: number, size: number): OpBody {
  const [x0, y0] = [16 * x, 16 * y];
  const corners = { x0, y0, x1: x0 + 16 * size, y1: y0 + 16 * size };
  return { op: 'box', label_class: 'axon', ...corners };
}
