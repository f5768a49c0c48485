/** One layer of the picture. A new style is drawn over the old one, which stays until the new one is complete. */

import type OpenSeadragon from 'openseadragon';

import type { TileRequest } from './messages';
import type { Scene } from './scene';
import { KernelTileSource, type AskForTile } from './tilesource';

type Style = Pick<TileRequest, 'look' | 'outline'>;
type Item = OpenSeadragon.TiledImage;

export class Layer {
  constructor(
    private readonly viewer: OpenSeadragon.Viewer,
    private readonly scene: Scene,
    private readonly id: string,
    private readonly ask: AskForTile
  ) {}

  /** Draw in this style. While one is coming, only the last of further ones is drawn after it. */
  show(style: Style, added?: () => void): void {
    const key = JSON.stringify(style);
    if (key === this.wanted) {
      return;
    }
    this.wanted = key;
    if (this.coming) {
      this.next = style;
    } else {
      this.add(style, added);
    }
  }

  hide(): void {
    this.forget();
    if (this.shown) {
      this.viewer.world.removeItem(this.shown);
      this.shown = null;
    }
  }

  /** The next `show` draws anew, in whatever style. */
  forget(): void {
    this.wanted = '';
    this.next = null;
    this.generation++;
    if (this.coming && this.arriving) {
      this.viewer.world.removeItem(this.arriving);
    }
    this.coming = false;
    this.arriving = null;
  }

  setOpacity(opacity: number): void {
    this.opacity = opacity;
    this.shown?.setOpacity(opacity);
  }

  whenPainted(done: () => void): void {
    this.shown?.whenFullyLoaded(done);
  }

  private add(style: Style, added?: () => void): void {
    const generation = ++this.generation;
    this.coming = true;
    this.viewer.addTiledImage({
      tileSource: new KernelTileSource(this.scene, this.id, style, this.ask),
      opacity: this.shown ? 0 : this.opacity,
      preload: true,
      ...this.above(),
      success: event => {
        const item = (event as unknown as { item: Item }).item;
        if (generation === this.generation) {
          this.arrived(item, generation);
          added?.();
        } else {
          this.viewer.world.removeItem(item);
        }
      }
    });
  }

  private arrived(item: Item, generation: number): void {
    if (!this.shown) {
      this.shown = item;
      this.settle();
      return;
    }
    this.arriving = item;
    item.whenFullyLoaded(() => {
      if (generation === this.generation && this.arriving === item) {
        item.setOpacity(this.opacity);
        if (this.shown) {
          this.viewer.world.removeItem(this.shown);
        }
        this.shown = item;
        this.settle();
      }
    });
  }

  /** Nothing is coming now: take the style that was asked for meanwhile. */
  private settle(): void {
    this.coming = false;
    this.arriving = null;
    const { next } = this;
    this.next = null;
    if (next) {
      this.add(next);
    }
  }

  /** A layer keeps its height in the pile. */
  private above(): { index?: number } {
    return this.shown
      ? { index: this.viewer.world.getIndexOfItem(this.shown) + 1 }
      : {};
  }

  private wanted = '';
  private next: Style | null = null;
  private coming = false;
  private generation = 0;
  private opacity = 1;
  private shown: Item | null = null;
  private arriving: Item | null = null;
}
