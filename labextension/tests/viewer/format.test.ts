import { describe, expect, it } from 'vitest';

import {
  lengthText,
  positionText,
  scaleBar,
  sizeText,
  valueText,
  zoomText
} from '../../src/viewer/format';

describe('lengthText', () => {
  it.each([
    [0.35, '350 nm'],
    [12.34, '12.3 µm'],
    [0, '0 µm'],
    [999, '999 µm'],
    [1200, '1.2 mm']
  ])('writes %f µm as %s', (um, text) => {
    expect(lengthText(um)).toBe(text);
  });
});

describe('positionText', () => {
  it('gives whole pixels, and µm as fine as a pixel', () => {
    expect(positionText(12.7, 3.2, 0.1)).toBe('x 12, y 3 px  ·  1.27, 0.32 µm');
    expect(positionText(12.7, 3.2, 2)).toBe('x 12, y 3 px  ·  25.4, 6.4 µm');
  });
});

describe('scaleBar', () => {
  it.each([
    [1, 140, 100, '100 µm'],
    [0.1, 140, 100, '10 µm'],
    [0.4, 140, 125, '50 µm'],
    [0.002, 140, 100, '200 nm'],
    [9, 140, 111.1, '1 mm']
  ])(
    'finds a round length for %f µm per pixel',
    (um, longest, pixels, label) => {
      const bar = scaleBar(um, longest);
      expect(bar?.label).toBe(label);
      expect(bar?.pixels).toBeCloseTo(pixels, 1);
    }
  );

  it('is always 1, 2 or 5 times a power of ten, and fits', () => {
    for (let um = 1e-4; um < 1e3; um *= 1.17) {
      const bar = scaleBar(um, 140);
      const length = (bar?.pixels ?? 0) * um;
      const digit = length / 10 ** Math.floor(Math.log10(length * 1.0000001));
      expect([1, 2, 5]).toContain(Math.round(digit * 1e6) / 1e6);
      expect(bar?.pixels).toBeLessThanOrEqual(140.0001);
      expect(bar?.pixels).toBeGreaterThan(140 / 2.5 - 0.001);
    }
  });

  it('is not there before the view has a size', () => {
    expect(scaleBar(Infinity, 140)).toBeNull();
    expect(scaleBar(0, 140)).toBeNull();
    expect(scaleBar(NaN, 140)).toBeNull();
  });
});

describe('other texts', () => {
  it('says what the image is, what a value is, how close the view is', () => {
    expect(sizeText(1000, 500, 0.1, 'uint8')).toBe(
      '1000 × 500 px  ·  100 µm × 50 µm  ·  uint8'
    );
    const texts = [57, 0.123456789, 1172.0004].map(valueText);
    expect(texts).toEqual(['57', '0.12346', '1172']);
    expect([zoomText(0.125), zoomText(4)]).toEqual(['12.5 %', '400 %']);
  });
});
