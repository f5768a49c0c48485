import { describe, expect, it } from 'vitest';

import { pixelsOf, render } from '../../src/annotate/contrast';
import { crc32 } from '../../src/annotate/crc32';
import { withoutHoles } from '../../src/annotate/flood';
import { fromRuns, runs } from '../../src/annotate/mask';
import { Stopwatch, timeText } from '../../src/annotate/stopwatch';

const grey = { visible: true, colour: '#ffffff', low: 100, high: 300 };

describe('contrast', () => {
  it('takes 16-bit values between the limits to 0 to 255', () => {
    const samples = Uint16Array.of(50, 100, 200, 300, 9000);
    const pixels = pixelsOf(samples, 5, 1, [[0, 65535]]);
    const picture = render(pixels, { channels: [grey], gamma: 1 });
    const red = [0, 1, 2, 3, 4].map(i => picture[4 * i]);
    expect(red).toEqual([0, 0, 128, 255, 255]);
    expect(picture[3]).toBe(255);
  });

  it('takes floats as they are', () => {
    const samples = Float32Array.of(-1, 0, 1);
    const pixels = pixelsOf(samples, 3, 1, [[-1, 1]]);
    const look = { channels: [{ ...grey, low: -1, high: 1 }], gamma: 1 };
    const picture = render(pixels, look);
    expect([0, 4, 8].map(i => picture[i])).toEqual([0, 128, 255]);
  });

  it('adds the channels that are visible, in their colours', () => {
    const samples = Uint8Array.of(255, 255, 255);
    const pixels = pixelsOf(samples, 1, 1, [
      [0, 255],
      [0, 255],
      [0, 255]
    ]);
    const channel = { visible: true, low: 0, high: 255 };
    const channels = [
      { ...channel, colour: '#800000' },
      { ...channel, colour: '#00ff00' },
      { ...channel, colour: '#0000ff', visible: false }
    ];
    const picture = render(pixels, { channels, gamma: 1 });
    expect([...picture]).toEqual([128, 255, 0, 255]);
  });
});

describe('masks', () => {
  it('are run lengths and back', () => {
    const bits = Uint8Array.of(1, 1, 0, 0, 0, 1);
    const mask = { x: 3, y: 4, width: 3, height: 2, bits };
    expect(runs(mask)).toEqual([0, 2, 3, 1]);
    expect(fromRuns(mask, runs(mask))).toEqual(mask);
    expect(() => fromRuns(mask, [5])).toThrow(/5 pixels/);
  });

  it('lose their holes, not what lies around', () => {
    const bits = Uint8Array.from('111101111000'.split('').map(Number));
    const mask = { x: 0, y: 0, width: 3, height: 4, bits };
    expect([...withoutHoles(mask).bits].join('')).toBe('111111111000');
  });
});

it('has the checksum of zlib', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

describe('the stopwatch', () => {
  it('counts no breaks', () => {
    let now = 0;
    const watch = new Stopwatch(() => now);
    for (const time of [0, 4000, 9000, 60_000, 61_000]) {
      now = time;
      watch.touch();
    }
    expect(watch.take()).toBe(10_000);
    expect(watch.take()).toBe(0);
    expect(watch.total).toBe(10_000);
  });

  it.each([
    [5, '0:05'],
    [754.9, '12:34'],
    [3605, '1:00:05']
  ])('says %s s', (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });
});
