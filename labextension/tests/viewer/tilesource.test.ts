import { describe, expect, it, vi } from 'vitest';

import type { ImageJob } from 'openseadragon';

import { KernelTileSource, type AskForTile } from '../../src/viewer/tilesource';
import { LOOK, SCENE } from './scene';

function sourceOf(ask: AskForTile = vi.fn()) {
  return new KernelTileSource(SCENE, 'image', { look: LOOK }, ask);
}

describe('KernelTileSource', () => {
  it('counts the tiles of each level, from the coarsest', () => {
    const source = sourceOf();
    const tiles = [0, 1, 2].map(level => source.getNumTiles(level));
    expect(tiles.map(({ x, y }) => [x, y])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2]
    ]);
    expect([0, 1, 2].map(level => source.getLevelScale(level))).toEqual([
      0.25, 0.5, 1
    ]);
  });

  it('puts the tiles of every level over the whole image, without gaps', () => {
    const source = sourceOf();
    for (const level of [0, 1, 2]) {
      const { x: across } = source.getNumTiles(level);
      let right = 0;
      for (let x = 0; x < across; x++) {
        const bounds = source.getTileBounds(level, x, 0);
        expect(bounds.x).toBeCloseTo(right, 9);
        right = bounds.x + bounds.width;
      }
      expect(right).toBeCloseTo(1, 9);
    }
    const last = source.getTileBounds(2, 2, 1, true);
    expect([last.width, last.height]).toEqual([1300 - 1024, 700 - 512]);
  });

  it('asks the kernel, which counts levels from the finest', () => {
    const abort = vi.fn();
    const ask = vi.fn<AskForTile>(() => abort);
    const source = sourceOf(ask);
    const finish = vi.fn();
    const fail = vi.fn();
    const tile = { level: 0, x: 1, y: 2 };
    const job = { tile, finish, fail } as unknown as ImageJob;
    source.downloadTileStart(job);
    const [request, done, failed] = ask.mock.lastCall ?? [];
    expect(request).toEqual({
      layer: 'image',
      level: 2,
      x: 1,
      y: 2,
      look: LOOK
    });
    const picture = new Blob();
    done?.(picture);
    expect(finish).toHaveBeenCalledWith(picture, null, 'rasterBlob');
    failed?.('broken');
    expect(fail).toHaveBeenCalledWith('broken', null);
    source.downloadTileAbort(job);
    expect(abort).toHaveBeenCalledOnce();
  });

  it('keeps the tiles of two looks apart', () => {
    expect(sourceOf().getTileUrl(0, 0, 0)).not.toBe(
      sourceOf().getTileUrl(0, 0, 0)
    );
  });
});
