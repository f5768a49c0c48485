/** What the tools work with, and what of it the view shows: settings, selection, the layers of the tile. */

import type { Row } from './answers';
import type { Annotator } from './annotator';
import { Contours } from './contours';
import type { Unpacked } from './conversation';
import { clamp, type Rect, type Ring } from './geometry';
import { Listeners } from './listeners';
import type { Mask } from './mask';
import type { Mode, OpBody, Painting, RequestBody } from './ops';
import type { Preview } from './stage/layers';
import type { LabelLook } from './stage/palette';
import type { Picture } from './stage/picture';
import type { Stage } from './stage/stage';
import { makeTools } from './tools/all';
import type { Bench, Settings, Tool, ToolName } from './tools/tool';
import type { Tile } from './tile';
import type { Viewport } from './viewport';

const MAX_RADIUS = 200; // image pixels
const REACH = 9; // CSS pixels
const DEFAULTS: Settings = {
  labelClass: null,
  protect: true,
  radius: 10,
  pressure: true,
  tolerance: 15,
  connected: true,
  superpixel: 24,
  compactness: 10,
  brighter: true,
  separate: true,
  minArea: 50
};

/** Tools whose gestures are combined with what is there, and how they begin. */
const MODES: Partial<Record<ToolName, Mode>> = {
  brush: 'add',
  eraser: 'subtract',
  polygon: 'new',
  livewire: 'new',
  fill: 'new',
  wand: 'new',
  superpixels: 'add',
  grabcut: 'new'
};

/** Tools that change what is there. */
const CHANGES = new Set<ToolName>(['pick', 'lasso', 'eraser', 'knife']);

export class Workbench implements Bench {
  /** Tool, settings or selection have changed. */
  readonly changed = new Listeners<null>();
  readonly said = new Listeners<{ text: string; bad: boolean }>();
  readonly contours: Contours;
  settings: Settings = DEFAULTS;
  selection: ReadonlySet<number> = new Set();
  tool: Tool;
  readonly tools: ReadonlyMap<ToolName, Tool>;

  constructor(
    readonly annotator: Annotator,
    readonly stage: Stage,
    readonly picture: Picture
  ) {
    this.contours = new Contours(annotator, () => {
      stage.redraw();
    });
    const tools = makeTools(this);
    this.tools = new Map(tools.map(tool => [tool.name, tool]));
    this.tool = tools[0];
  }

  get tile(): Tile {
    const { tile } = this.annotator;
    if (!tile) {
      throw new Error('No tile is shown yet.');
    }
    return tile;
  }

  get tileNumber(): number {
    return this.annotator.state?.tile ?? 0;
  }

  get viewport(): Viewport {
    return this.stage.viewport;
  }

  get reach(): number {
    return REACH / this.viewport.place.scale;
  }

  get mode(): Mode {
    return this.modes.get(this.tool.name) ?? 'new';
  }

  /** Whether the tool can be combined with what is there; the eraser is always one thing. */
  get hasModes(): boolean {
    return this.tool.name in MODES && this.tool.name !== 'eraser';
  }

  choose(name: ToolName): void {
    this.tool.cancel?.();
    // What was just drawn is not added to with another tool, unless a person chose it.
    if (this.drawn && this.tool.name !== 'eraser' && !CHANGES.has(name)) {
      this.select([]);
    }
    this.tool = this.tools.get(name) ?? this.tool;
    this.tool.begin?.();
    this.stage.redraw();
    this.changed.tell(null);
  }

  setMode(mode: Mode): void {
    this.modes.set(this.tool.name, mode);
    this.changed.tell(null);
  }

  set(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    this.changed.tell(null);
    this.stage.redraw();
  }

  setRadius(radius: number): void {
    this.set({ radius: Math.round(clamp(radius, 0.5, MAX_RADIUS) * 2) / 2 });
  }

  /** The class for what is drawn next; with Pick, the chosen labels get it. */
  chooseClass(labelClass: string | null): void {
    if (this.tool.name === 'pick' || this.tool.name === 'lasso') {
      this.reclass(labelClass);
    } else {
      this.select([]);
    }
    this.set({ labelClass });
  }

  reclass(label_class: string | null): void {
    if (this.selection.size) {
      this.commit({ op: 'class', ids: [...this.selection], label_class });
    }
  }

  painting(): Painting | null {
    const { selection, mode } = this;
    const { labelClass: label_class, protect } = this.settings;
    const target = selection.size === 1 ? ([...selection][0] ?? 0) : 0;
    const how = { target, label_class, protect };
    if (mode === 'add' && this.chosen[0]?.kind === 'group' && target) {
      this.say(
        'A group cannot be painted on: dissolve it (Ctrl+Shift+G), or press N for a new label.'
      );
      return null;
    }
    if (mode === 'split' && !target) {
      this.say('Choose the label to split first: press V and click it.');
      return null;
    }
    if (mode === 'add' && !target) {
      return { ...how, mode: 'new' };
    }
    return { ...how, mode, target: mode === 'new' ? 0 : target };
  }

  select(ids: Iterable<number>): void {
    this.drawn = false;
    this.before = null;
    this.selection = new Set(ids);
    this.stage.redraw();
    this.changed.tell(null);
  }

  /** Show labels otherwise; what is not seen any more is not chosen. */
  look(change: Partial<LabelLook>): void {
    this.picture.setLabelLook(change);
    this.select([...this.selection].filter(id => this.seen(id)));
  }

  seen(id: number): boolean {
    return this.picture.sees(this.annotator.tile?.rows.get(id) ?? null);
  }

  commit(body: OpBody, select = false, cover: Mask | null = null): void {
    const fresh = this.tile.nextId;
    const pasted = body.op === 'paste' || body.op === 'insert';
    this.before = pasted ? new Set(this.tile.rows.keys()) : null;
    this.contours.follow(body);
    this.annotator.commit(body, cover);
    if (select && this.tile.nextId === fresh + 1) {
      this.select([fresh]);
      this.drawn = true;
    }
  }

  ask(body: RequestBody): Promise<Unpacked> {
    return this.annotator.ask(body);
  }

  preview(preview: Preview | null, rect: Rect | null): void {
    this.picture.preview(preview, rect, this.settings.labelClass);
  }

  outlineOf(id: number): readonly Ring[] | null {
    return this.contours.exact(id);
  }

  contourOf(id: number): readonly Ring[] {
    return this.contours.exact(id) ?? this.contours.seen(id);
  }

  redraw(): void {
    this.stage.redraw();
  }

  say(text: string, bad = false): void {
    this.said.tell({ text, bad });
  }

  /** Labels have changed: what is gone is not chosen any more, what was pasted is. */
  refresh(): void {
    this.contours.forget();
    const rows = this.annotator.tile?.rows;
    const { before } = this;
    const pasted =
      before && [...(rows?.keys() ?? [])].filter(id => !before.has(id));
    if (pasted?.length) {
      this.select(pasted);
    }
    const kept = [...this.selection].filter(id => rows?.has(id));
    if (kept.length < this.selection.size) {
      this.select(kept);
    }
  }

  /** The rows of the chosen labels. */
  get chosen(): Row[] {
    const rows = this.annotator.tile?.rows;
    return [...this.selection].flatMap(id => rows?.get(id) ?? []);
  }

  /** The chosen label was chosen by drawing it. */
  private drawn = false;
  /** The labels that were there when some were pasted, until these come. */
  private before: ReadonlySet<number> | null = null;
  private readonly modes = new Map(Object.entries(MODES) as [ToolName, Mode][]);
}
