/** Which tile is shown, and a field to go to another by its number. */

import { element } from '../../dom';

export class TileNumber {
  readonly node = element('label', 'axons-Annotate-tile');

  /** Tiles count from 0 here, and from 1 for people. */
  constructor(
    private readonly go: (tile: number) => void,
    private readonly say: (text: string) => void
  ) {
    this.field.type = 'number';
    this.field.min = '1';
    this.field.title = 'Type a number and press Enter to go to that tile';
    this.field.setAttribute('aria-label', 'Number of the tile');
    this.field.addEventListener('change', () => {
      this.take();
    });
    // The notebook takes Enter, so that the browser does not make it a change.
    this.field.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        this.take();
      }
    });
    this.node.append('Tile', this.field, this.count);
  }

  show(tile: number, count: number): void {
    this.tile = tile;
    this.field.max = String(count);
    this.count.textContent = `of ${count}`;
    // A number that is being typed is left alone.
    if (document.activeElement !== this.field) {
      this.field.value = String(tile + 1);
    }
  }

  private take(): void {
    const number = this.field.valueAsNumber;
    const count = Number(this.field.max);
    if (number === this.tile + 1) {
      return;
    }
    if (Number.isInteger(number) && number >= 1 && number <= count) {
      this.go(number - 1);
    } else {
      this.say(`There is no such tile: they are numbered from 1 to ${count}.`);
      this.field.value = String(this.tile + 1);
    }
  }

  private tile = 0;
  private readonly field = element('input', 'axons-Annotate-number');
  private readonly count = element('span', '');
}
