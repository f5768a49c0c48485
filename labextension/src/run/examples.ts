/** Validation tiles: the image, the reference, and what the network has found there, epoch by epoch. */

import { button, element, slider } from '../dom';
import type { Kind, News } from './messages';

export type GetPicture = (kind: Kind, tile: number) => Promise<string>;

const PLAY_MS = 350;

export class Examples {
  readonly node = element('section', 'axons-Examples');

  constructor(private readonly get: GetPicture) {
    this.play = button('▶', 'Play the epochs', () => {
      this.togglePlaying();
    });
    this.range = slider({
      label: 'Epoch of the predictions',
      min: 0,
      max: 0,
      step: 1,
      value: 0,
      onInput: at => {
        this.go(at);
      }
    });
    this.node.setAttribute('aria-label', 'Examples');
    this.node.append(
      this.grid,
      element('div', 'axons-Examples-bar', this.play, this.range, this.label)
    );
    this.node.hidden = true;
  }

  show({ epochs, tiles }: News['examples']): void {
    const follows = this.at >= this.epochs.length - 1;
    const same =
      tiles === this.tiles &&
      epochs.length === this.epochs.length &&
      epochs.at(-1) === this.epochs.at(-1);
    if (same) {
      return;
    }
    if (tiles !== this.tiles || epochs.length < this.epochs.length) {
      this.build(tiles);
    }
    this.epochs = epochs;
    this.range.max = String(Math.max(0, epochs.length - 1));
    this.node.hidden = !tiles || !epochs.length;
    if (follows || this.at >= epochs.length) {
      this.go(epochs.length - 1);
    }
  }

  dispose(): void {
    clearInterval(this.playing);
  }

  private build(tiles: number): void {
    this.tiles = tiles;
    this.predictions = [];
    const numbers = Array.from({ length: tiles }, (_, tile) => tile);
    const row = (title: string, kind: Kind | null) =>
      element(
        'div',
        'axons-Examples-row',
        element('span', 'axons-Examples-title', title),
        ...numbers.map(tile => this.cell(title, kind, tile))
      );
    this.grid.replaceChildren(
      row('image', 'image'),
      row('reference', 'reference'),
      row('prediction', null)
    );
  }

  /** The image, and over it the reference or the prediction. */
  private cell(title: string, kind: Kind | null, tile: number): HTMLElement {
    const under = element('img', 'axons-Examples-image');
    under.alt = `${title} of tile ${tile + 1}`;
    const cell = element('span', 'axons-Examples-cell', under);
    this.fill(under, 'image', tile);
    if (kind !== 'image') {
      const over = element('img', 'axons-Examples-labels');
      over.alt = '';
      cell.append(over);
      if (kind === null) {
        this.predictions.push(over);
      } else {
        this.fill(over, kind, tile);
      }
    }
    return cell;
  }

  private fill(image: HTMLImageElement, kind: Kind, tile: number): void {
    image.dataset['wanted'] = String(kind);
    this.get(kind, tile).then(
      url => {
        if (image.dataset['wanted'] === String(kind)) {
          image.src = url;
        }
      },
      (error: unknown) => {
        image.title = String(error);
      }
    );
  }

  private go(at: number): void {
    this.at = at;
    const epoch = this.epochs[at];
    if (epoch === undefined) {
      return;
    }
    this.range.value = String(at);
    this.range.setAttribute('aria-valuetext', `epoch ${epoch}`);
    this.label.textContent = `epoch ${epoch}`;
    this.predictions.forEach((image, tile) => {
      this.fill(image, epoch, tile);
    });
  }

  private togglePlaying(): void {
    const plays = this.playing !== undefined;
    clearInterval(this.playing);
    this.playing = undefined;
    this.play.textContent = plays ? '▶' : '❚❚';
    this.play.setAttribute(
      'aria-label',
      plays ? 'Play the epochs' : 'Stop playing'
    );
    if (!plays) {
      if (this.at >= this.epochs.length - 1) {
        this.go(0);
      }
      this.playing = setInterval(() => {
        this.go(this.at + 1);
        if (this.at >= this.epochs.length - 1) {
          this.togglePlaying();
        }
      }, PLAY_MS);
    }
  }

  private readonly grid = element('div', 'axons-Examples-grid');
  private readonly label = element('output', 'axons-Examples-epoch');
  private readonly play: HTMLButtonElement;
  private readonly range: HTMLInputElement;
  private predictions: HTMLImageElement[] = [];
  private epochs: readonly number[] = [];
  private tiles = 0;
  private at = -1;
  private playing: ReturnType<typeof setInterval> | undefined;
}
