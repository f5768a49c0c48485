import { describe, expect, it } from 'vitest';

import golden from '../../../tests/data/annotate/booleans.json';
import { combine } from '../../src/annotate/booleans';
import type { Mode } from '../../src/annotate/ops';
import { LabelRaster } from '../../src/annotate/raster';

const [x = 0, y = 0, width = 0, height = 0] = golden.window;
const bounds = { x, y, width, height };

function numbers(lines: readonly string[]): Uint32Array {
  return Uint32Array.from(lines.join(''), mark =>
    mark === '.' ? 0 : Number(mark)
  );
}

describe('the booleans', () => {
  it.each(golden.combine)('$name', example => {
    const raster = new LabelRaster(bounds, numbers(golden.ids));
    const mask = {
      ...bounds,
      bits: Uint8Array.from(example.region.join(''), m => Number(m === '#'))
    };
    const how = {
      mode: example.mode as Mode,
      target: example.target,
      protect: example.protect,
      label_class: null
    };
    const vain = combine(raster, mask, how, example.new);
    if (!example.after) {
      expect(vain).toBeTypeOf('string');
      expect(raster.ids).toEqual(numbers(golden.ids));
      return;
    }
    expect(vain).toBeNull();
    expect(raster.ids).toEqual(numbers(example.after));
    const rect = raster.changed(bounds, numbers(golden.ids)) ?? bounds;
    expect([rect.x, rect.y, rect.width, rect.height]).toEqual(example.rect);
    expect(raster.checksum(rect)).toBe(example.crc);
  });
});
