/** The line under the picture: what happened, where the pointer is, tiles, time, and whether all is saved. */

import { checkbox, element } from '../../dom';
import { positionText, zoomText } from '../../viewer/format';
import type { Point } from '../geometry';
import { timeText } from '../stopwatch';
import type { Workbench } from '../workbench';
import { iconButton } from './controls';
import { TileNumber } from './tilenumber';

/** From this silence on, the line says that it waits. */
const PATIENCE_MS = 1500;

export interface TileActions {
  readonly step: (by: 1 | -1) => void;
  readonly go: (tile: number) => void;
  readonly nextUnfinished: () => void;
}

interface Link {
  readonly alive: boolean;
  readonly connected: boolean;
}

export class Status {
  readonly node = element('div', 'axons-Annotate-status');

  constructor(
    private readonly bench: Workbench,
    actions: TileActions
  ) {
    this.message.setAttribute('role', 'status');
    this.previous = iconButton('previous', 'Tile before (Page Up)', () => {
      actions.step(-1);
    });
    this.next = iconButton('next', 'Next tile (Page Down)', () => {
      actions.step(1);
    });
    const unfinished = iconButton(
      'next unfinished',
      'Next unfinished tile (U)',
      actions.nextUnfinished
    );
    this.done = checkbox('finished', false, done => {
      bench.commit({ op: 'tile_done', done });
    });
    this.number = new TileNumber(actions.go, text => {
      this.say(text, true);
    });
    this.tiles.append(
      this.previous,
      this.number.node,
      this.next,
      unfinished,
      this.done
    );
    this.time.title = 'Active time on this image';
    this.node.append(
      this.message,
      this.readout,
      this.zoom,
      this.tiles,
      this.time,
      this.saved
    );
  }

  say(text: string, bad = false): void {
    this.message.textContent = text;
    this.message.classList.toggle('axons-mod-bad', bad);
  }

  /** Where the pointer is and what is there; nothing is asked of the kernel. */
  point(at: Point | null): void {
    const { annotator } = this.bench;
    const { state, tile } = annotator;
    if (!at || !state || !tile) {
      this.readout.textContent = '';
      return;
    }
    const row = tile.rows.get(tile.raster.at(at[0], at[1]));
    const name = row
      ? `  ·  ${nameOf(this.bench, row.label_class)} ${row.id}`
      : '';
    this.readout.textContent = `${placeText(at, state.image.pixel_size_um)}${name}`;
  }

  showZoom(): void {
    this.zoom.textContent = zoomText(this.bench.viewport.place.scale);
  }

  /** `link`: whether there is a kernel, and a connection to it; `active` in ms. */
  show(link: Link, active: number): void {
    const { annotator } = this.bench;
    const { state } = annotator;
    if (!state) {
      return;
    }
    const count = state.tiles.length;
    this.tiles.hidden = count < 2;
    this.number.show(state.tile, count);
    this.previous.disabled = state.tile === 0;
    this.next.disabled = state.tile === count - 1;
    const box = this.done.querySelector('input');
    if (box) {
      box.checked = state.finished_tiles.includes(state.tile);
    }
    this.time.textContent = timeText(state.active_s + active / 1000);
    this.showSaved(link);
  }

  private showSaved({ alive, connected }: Link): void {
    const { annotator } = this.bench;
    const { unsaved, silence, saved } = annotator;
    let text = unsaved ? `${unsaved} unsaved` : 'saved';
    if (saved?.error) {
      text = `${unsaved || ''} not saved: ${saved.error}`.trim();
    } else if (!alive) {
      text = `${unsaved} unsaved, no kernel`;
    } else if (!connected) {
      text = `${unsaved} unsaved, no connection`;
    } else if (silence > PATIENCE_MS) {
      text = `${unsaved} unsaved, the kernel is busy`;
    }
    if (this.saved.textContent !== text) {
      this.saved.textContent = text;
    }
    this.saved.classList.toggle(
      'axons-mod-bad',
      !alive || !connected || Boolean(saved?.error)
    );
    this.saved.classList.toggle('axons-mod-waiting', unsaved > 0);
  }

  private readonly message = element('span', 'axons-Annotate-message');
  private readonly readout = element('output', 'axons-Annotate-readout');
  private readonly zoom = element('span', 'axons-Annotate-zoom');
  private readonly tiles = element('div', 'axons-Annotate-tiles');
  private readonly time = element('span', 'axons-Annotate-time');
  private readonly saved = element('span', 'axons-Annotate-saved');
  private readonly previous: HTMLButtonElement;
  private readonly next: HTMLButtonElement;
  private readonly number: TileNumber;
  private readonly done: HTMLElement;
}

function nameOf(bench: Workbench, name: string | null): string {
  const { classes = [] } = bench.annotator.state ?? {};
  return (
    classes.find(item => item.name === name)?.human_name ?? name ?? 'no class'
  );
}

function placeText([x, y]: Point, pixelSizeUm: number | null): string {
  return pixelSizeUm
    ? positionText(x, y, pixelSizeUm)
    : `x ${Math.floor(x)}, y ${Math.floor(y)} px`;
}
