/** Gives OpenSeadragon the tiles that the kernel draws. */

import OpenSeadragon from 'openseadragon';

import type { TileRequest } from './messages';
import type { Level, Scene } from './scene';

/** Asks for a tile and returns what calls it back. */
export type AskForTile = (
  request: TileRequest,
  done: (picture: Blob) => void,
  failed: (message: string) => void
) => () => void;

type Style = Pick<TileRequest, 'look' | 'outline'>;

/** One layer, drawn in one style. OpenSeadragon counts levels from the coarsest, the kernel from the finest. */
export class KernelTileSource extends OpenSeadragon.TileSource {
  constructor(
    private readonly scene: Scene,
    private readonly layer: string,
    private readonly style: Style,
    private readonly askForTile: AskForTile
  ) {
    super({
      width: scene.width,
      height: scene.height,
      tileSize: scene.tile_size,
      minLevel: 0,
      maxLevel: scene.levels.length - 1
    });
    this.styleKey = `${layer} ${String(++made)}`;
  }

  override getLevelScale(level: number): number {
    return 1 / this.level(level).scale;
  }

  override getNumTiles(level: number): OpenSeadragon.Point {
    const { width, height } = this.level(level);
    const tiles = (length: number) =>
      Math.max(1, Math.ceil(length / this.scene.tile_size));
    return new OpenSeadragon.Point(tiles(width), tiles(height));
  }

  /** In shares of the image's width; `isSource`: in pixels of the tile. */
  override getTileBounds(
    level: number,
    x: number,
    y: number,
    isSource?: boolean
  ): OpenSeadragon.Rect {
    const { width, height, scale } = this.level(level);
    const side = this.scene.tile_size;
    const w = Math.min(side, width - x * side);
    const h = Math.min(side, height - y * side);
    if (isSource) {
      return new OpenSeadragon.Rect(0, 0, w, h);
    }
    const unit = scale / this.scene.width;
    return new OpenSeadragon.Rect(
      x * side * unit,
      y * side * unit,
      w * unit,
      h * unit
    );
  }

  override getTileUrl(level: number, x: number, y: number): string {
    return `${this.styleKey} ${level} ${x} ${y}`;
  }

  override hasTransparency(): boolean {
    return this.layer !== 'image';
  }

  override equals(other: OpenSeadragon.TileSource): boolean {
    return this === other;
  }

  override downloadTileStart(job: OpenSeadragon.ImageJob): void {
    const { level, x, y } = job.tile as unknown as Position;
    const request = {
      layer: this.layer,
      level: this.maxLevel - level,
      x,
      y,
      ...this.style
    };
    job.userData = {
      abort: this.askForTile(
        request,
        picture => {
          job.finish(picture, null, 'rasterBlob');
        },
        message => {
          job.fail(message, null);
        }
      )
    };
  }

  override downloadTileAbort(job: OpenSeadragon.ImageJob): void {
    (job.userData as { abort?: () => void }).abort?.();
  }

  private level(level: number): Level {
    const found = this.scene.levels[this.scene.levels.length - 1 - level];
    if (!found) {
      throw new RangeError(`${this.scene.name} has no level ${level}.`);
    }
    return found;
  }

  private readonly styleKey: string;
}

interface Position {
  readonly level: number;
  readonly x: number;
  readonly y: number;
}

/** Keeps the tiles of two styles apart in OpenSeadragon's cache. */
let made = 0;
