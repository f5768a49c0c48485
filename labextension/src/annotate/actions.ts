/** What buttons and keys do with the chosen labels and the tiles. */

import { Clipboard } from './clipboard';
import { Copying } from './copying';
import { QUANTUM, type Point } from './geometry';
import type { Workbench } from './workbench';

export class Actions {
  readonly copying: Copying;

  constructor(
    private readonly bench: Workbench,
    document: string,
    pointer: () => Point | null
  ) {
    const clipboard = new Clipboard(window.localStorage);
    this.copying = new Copying(bench, document, clipboard, pointer);
  }

  undo(): void {
    this.bench.tool.cancel?.();
    this.bench.commit({ op: 'undo' });
  }

  redo(): void {
    this.bench.commit({ op: 'redo' });
  }

  remove(): void {
    const ids = [...this.bench.selection];
    if (ids.length) {
      this.bench.commit({ op: 'delete', ids });
    }
  }

  /** The last corner of a gesture, else the corner under the pointer, else the chosen labels. */
  back(): void {
    if (!this.bench.tool.stepBack?.()) {
      this.remove();
    }
  }

  merge(): void {
    const ids = [...this.bench.selection];
    if (ids.length > 1) {
      this.bench.commit({ op: 'merge', ids });
    } else {
      this.bench.say('Choose two labels or more to merge them.');
    }
  }

  group(): void {
    const rows = this.bench.chosen;
    if (rows.length < 2) {
      this.bench.say('Choose two labels or more to group them.');
    } else if (rows.some(({ kind }) => kind === 'point')) {
      this.bench.say('Points cannot be grouped: choose labels with an area.');
    } else {
      const next = this.bench.tile.nextId;
      this.bench.commit({ op: 'group', ids: rows.map(({ id }) => id) });
      this.bench.select(this.bench.tile.rows.has(next) ? [next] : []);
    }
  }

  ungroup(): void {
    const groups = this.bench.chosen.filter(({ kind }) => kind === 'group');
    if (groups.length) {
      this.bench.commit({ op: 'ungroup', ids: groups.map(({ id }) => id) });
    } else {
      this.bench.say('Choose a group to dissolve it.');
    }
  }

  separate(): void {
    const [id] = this.bench.selection;
    if (id !== undefined) {
      this.bench.commit({ op: 'separate', id });
    }
  }

  all(): void {
    const ids = this.bench.tile.rows.keys();
    this.bench.select([...ids].filter(id => this.bench.seen(id)));
  }

  /** The chosen labels at the same place of the next tile, which is then shown. */
  async copyOn(): Promise<void> {
    const { annotator } = this.bench;
    const { state } = annotator;
    const ids = [...this.bench.selection];
    const [here, there] = [
      state?.tiles[state.tile],
      state?.tiles[state.tile + 1]
    ];
    if (!state || !here || !there || !ids.length) {
      this.bench.say(
        ids.length ? 'This is the last tile.' : 'Choose labels to copy first.'
      );
      return;
    }
    await annotator.open(state.tile + 1);
    const [dx, dy] = [there[0] - here[0], there[1] - here[1]];
    this.bench.commit({
      op: 'paste',
      ids,
      dx: dx * QUANTUM,
      dy: dy * QUANTUM
    });
  }

  async step(by: 1 | -1): Promise<void> {
    await this.go((this.bench.annotator.state?.tile ?? 0) + by);
  }

  /** The tile of that number, from 0. */
  async go(tile: number): Promise<void> {
    if (this.bench.annotator.state?.tiles[tile]) {
      await this.open(tile);
    }
  }

  async nextUnfinished(): Promise<void> {
    const { state } = this.bench.annotator;
    if (!state) {
      return;
    }
    const count = state.tiles.length;
    for (let i = 1; i <= count; i++) {
      const tile = (state.tile + i) % count;
      if (!state.finished_tiles.includes(tile)) {
        await this.open(tile);
        return;
      }
    }
    this.bench.say('All tiles are finished.');
  }

  private async open(tile: number): Promise<void> {
    this.bench.tool.cancel?.();
    await this.bench.annotator.open(tile);
    this.bench.tool.begin?.();
  }
}
