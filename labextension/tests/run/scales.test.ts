import { describe, expect, it } from 'vitest';

import { placeOfKey } from '../../src/run/chart';
import {
  clockText,
  durationText,
  memoryText,
  numberText,
  percentText,
  scoreText
} from '../../src/run/format';
import { linear, logarithmic, pathOf, type Point } from '../../src/run/scales';

const texts = (ticks: readonly { readonly text: string }[]) =>
  ticks.map(({ text }) => text);

describe('scales', () => {
  it('have ticks that people read', () => {
    expect(texts(linear(0, 1, 5).ticks)).toEqual([
      '0.0', '0.2', '0.4', '0.6', '0.8', '1.0'
    ]); // prettier-ignore
    expect(texts(linear(0, 1.43, 5).ticks)).toEqual(['0.0', '0.5', '1.0']);
    expect(texts(linear(1, 4, 6, true).ticks)).toEqual(['1', '2', '3', '4']);
    expect(texts(linear(1, 10_000, 6, true).ticks)).toContain('4000');
    expect(texts(logarithmic(0.09, 1.4).ticks)).toEqual([
      '0.1', '0.2', '0.5', '1'
    ]); // prettier-ignore
    expect(texts(logarithmic(0.001, 10).ticks)).toEqual([
      '0.001', '0.01', '0.1', '1', '10'
    ]); // prettier-ignore
  });

  it('lead from the low end to the high end', () => {
    expect([0, 5, 10].map(linear(0, 10, 5).at)).toEqual([0, 0.5, 1]);
    const { at } = logarithmic(0.01, 1);
    expect([0.01, 0.1, 1].map(at)).toEqual([0, 0.5, 1]);
    expect(linear(3, 3, 5).at(3)).toBe(0);
  });
});

describe('paths', () => {
  it('have gaps where values are no numbers', () => {
    const points: Point[] = [[0, 1], [1, NaN], [2, 3], [3, 4]]; // prettier-ignore
    expect(pathOf(points, 100)).toBe('M0.0,1.0M2.0,3.0L3.0,4.0');
  });

  it('of many points keep every peak and are short', () => {
    const points = Array.from({ length: 10_000 }, (_, i): Point => [
      i / 100,
      i === 4321 ? -500 : Math.sin(i)
    ]);
    const path = pathOf(points, 100);
    expect(path).toContain(',-500.0');
    expect(path.match(/[ML]/g)?.length).toBeLessThan(210);
  });
});

describe('texts', () => {
  it.each([
    [0.4, '0 s'], [59.4, '59 s'], [60, '1 min'], [200, '3 min 20 s'],
    [3599.6, '1 h'], [3900, '1 h 5 min'], [-3, '0 s']
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  }); // prettier-ignore

  it('are short', () => {
    expect([0.00012, 0, 0.2146, 12.34, 4567, NaN].map(numberText)).toEqual([
      '1.2e-4', '0.00', '0.215', '12.3', '4567', '–'
    ]); // prettier-ignore
    expect(scoreText(0.87654)).toBe('0.877');
    expect(percentText(0.456)).toBe('46 %');
    expect([812, 2048].map(memoryText)).toEqual(['812 MB', '2.0 GB']);
    expect(clockText(0)).toMatch(/\d\d:\d\d/);
  });
});

describe('keys of a chart', () => {
  it.each([
    ['ArrowLeft', 4], ['ArrowRight', 6], ['PageDown', 0], ['PageUp', 9],
    ['Home', 0], ['End', 9], ['x', null]
  ])('%s', (key, to) => {
    expect(placeOfKey(key, 5, 9)).toBe(to);
  }); // prettier-ignore
});
