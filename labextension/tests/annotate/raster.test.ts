import { describe, expect, it } from 'vitest';

import golden from '../../../tests/data/annotate/raster.json';
import { flood } from '../../src/annotate/flood';
import type { Rect } from '../../src/annotate/geometry';
import type { Mask } from '../../src/annotate/mask';
import { outlines } from '../../src/annotate/outline';
import { fillRings, fillStroke, type Dab } from '../../src/annotate/rasterise';

function rect([x = 0, y = 0, width = 0, height = 0]: number[]): Rect {
  return { x, y, width, height };
}

function picture({ width, height, bits }: Mask): string[] {
  return Array.from({ length: height }, (_, row) =>
    Array.from(bits.subarray(row * width, (row + 1) * width), bit =>
      bit ? '#' : '.'
    ).join('')
  );
}

function pixels(ring: readonly number[]): number[] {
  return ring.map(value => value / golden.sub);
}

describe('the rasteriser', () => {
  it.each(golden.strokes)('sweeps $name', ({ points, radii, window, mask }) => {
    const dabs = Array.from({ length: points.length / 2 }, (_, i): Dab => {
      const radius = Array.isArray(radii) ? radii[i] : radii;
      return [points[2 * i] ?? 0, points[2 * i + 1] ?? 0, radius ?? 0];
    });
    expect(picture(fillStroke(dabs, rect(window)))).toEqual(mask);
  });

  it.each(golden.polygons)('fills $name', ({ rings, window, mask }) => {
    const filled = fillRings(rings.map(pixels), rect(window));
    expect(picture(filled)).toEqual(mask);
  });

  it.each(golden.polygons)(
    'finds the way back from $name',
    ({ window, mask }) => {
      const bits = Uint8Array.from(mask.join(''), mark => Number(mark === '#'));
      const rings = outlines({ ...rect(window), bits });
      expect(picture(fillRings(rings, rect(window)))).toEqual(mask);
    }
  );

  it.each(golden.fills)('floods $name', ({ ids, start, mask }) => {
    const bounds = rect([0, 0, ids[0]?.length, ids.length] as number[]);
    const [x = 0, y = 0] = start;
    const all = ids.join('');
    const first = all[y * bounds.width + x];
    const found = flood(bounds, x, y, i => all[i] === first);
    const whole = mask.map((line, row) =>
      Array.from(line, (_, col) => {
        const [c, r] = [col - (found?.x ?? 0), row - (found?.y ?? 0)];
        const inside =
          found && c >= 0 && r >= 0 && c < found.width && r < found.height;
        return inside && found.bits[r * found.width + c] ? '#' : '.';
      }).join('')
    );
    expect(whole).toEqual(mask);
  });
});
