/** The tile as it is shown: image and labels as layers, with the look that a person has chosen for them. */

import type { ChannelLook, Look } from '../../viewer/scene';
import type { Row, State } from '../answers';
import type { Numbers } from '../blocks';
import { pixelsOf, render, type Pixels } from '../contrast';
import { unite, type Rect } from '../geometry';
import type { Tile } from '../tile';
import { LabelLayer, Layer, type Preview } from './layers';
import { passes } from '../filter';
import { Palette, colourOf, type LabelLook } from './palette';
import type { Stage } from './stage';

const RGB = ['#ff0000', '#00ff00', '#0000ff'];

export class Picture {
  look: Look = { channels: [], gamma: 1 };
  labelLook: LabelLook = {
    visibility: 'full',
    opacity: 0.35,
    scheme: 'default',
    hidden: new Set(),
    filter: new Map()
  };

  constructor(private readonly stage: Stage) {}

  /** Another tile, or its labels anew; the image is drawn again only when its pixels have come. */
  show(state: State, tile: Tile, numbers: Numbers | null, keep: boolean): void {
    this.state = state;
    this.tile = tile;
    if (numbers || !this.image) {
      this.image = new Layer(tile.bounds);
      this.pixels =
        numbers &&
        pixelsOf(
          numbers,
          tile.bounds.width,
          tile.bounds.height,
          state.image.channels.map(({ range }) => range)
        );
      if (this.look.channels.length !== state.image.channels.length) {
        this.look = lookOf(state);
      }
      this.drawImage();
    }
    this.labels = new LabelLayer(tile.raster, this.palette);
    this.recolour();
    const place = keep ? this.stage.viewport.place : null;
    this.stage.show([this.image, this.labels], place);
  }

  setLook(look: Look): void {
    this.look = look;
    this.drawImage();
    this.stage.changed();
  }

  setLabelLook(change: Partial<LabelLook>): void {
    this.labelLook = { ...this.labelLook, ...change };
    this.recolour();
    this.stage.changed();
  }

  /** Labels have changed in a rectangle; null: nothing that is seen, or only their class. */
  refresh(rect: Rect | null, rowsChanged: boolean): void {
    if (rowsChanged && this.updatePalette()) {
      this.recolour();
      this.stage.changed();
    } else if (rect) {
      const all = unite(rect, this.previewed) ?? rect;
      this.previewed = null;
      this.paint(all, null);
    }
  }

  /** Show a gesture that is going on; null ends it, and its rectangle is shown as it is. */
  preview(
    preview: Preview | null,
    rect: Rect | null,
    labelClass: string | null
  ): void {
    if (preview && rect) {
      this.previewed = unite(this.previewed, rect);
      if (preview.how.mode === 'new' || preview.how.mode === 'split') {
        const { classes } = this.state ?? { classes: [] };
        const colour = colourOf(classes, labelClass, this.labelLook.scheme);
        this.palette.lend(preview.fresh, colour, this.labelLook);
      }
      this.paint(rect, preview);
    } else if (this.previewed) {
      const { previewed } = this;
      this.previewed = null;
      this.paint(previewed, null);
    }
  }

  /** Whether a label is shown. */
  sees(row: Row | null): boolean {
    const look = this.labelLook;
    return row !== null && look.visibility !== 'hidden' && passes(look, row);
  }

  get imageCanvas(): HTMLCanvasElement | null {
    return this.image?.canvas ?? null;
  }

  get labelCanvas(): HTMLCanvasElement | null {
    return this.labels?.canvas ?? null;
  }

  private paint(rect: Rect, preview: Preview | null): void {
    const drawn = this.labels?.paint(rect, preview);
    if (drawn) {
      this.stage.changed(drawn);
    }
  }

  private recolour(): void {
    if (this.tile) {
      this.updatePalette();
      this.labels?.paint(this.tile.bounds, null);
    }
  }

  /** Whether a colour that was in use is another now. */
  private updatePalette(): boolean {
    const { tile, state } = this;
    if (!tile || !state) {
      return false;
    }
    const old = this.palette.edge.slice();
    const { known } = this;
    this.known = new Set(tile.rows.keys());
    const rows = tile.rows.values();
    this.palette.update(rows, tile.nextId, state.classes, this.labelLook);
    const now = this.palette.edge;
    for (const id of tile.rows.keys()) {
      // A label that was hidden had no colour; a new one has none yet either, and is drawn where it lies.
      if ((old[id] || known.has(id)) && old[id] !== now[id]) {
        return true;
      }
    }
    return false;
  }

  private drawImage(): void {
    if (this.pixels && this.image) {
      this.image.put(render(this.pixels, this.look));
    }
  }

  private state: State | null = null;
  private tile: Tile | null = null;
  private image: Layer | null = null;
  private labels: LabelLayer | null = null;
  private pixels: Pixels | null = null;
  private previewed: Rect | null = null;
  private known: ReadonlySet<number> = new Set();
  private readonly palette = new Palette();
}

/** How an image is shown at first: the limits that the kernel suggests. */
export function lookOf({ image, limits }: State): Look {
  const channels = image.channels.map((channel, i): ChannelLook => {
    const [low, high] = limits[i] ?? channel.range;
    const colour = image.rgb ? (RGB[i] ?? '#000000') : channel.colour;
    return { visible: true, colour, low, high };
  });
  return { channels, gamma: 1 };
}
