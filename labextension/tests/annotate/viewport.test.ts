import { describe, expect, it } from 'vitest';

import { MAX_SCALE, Viewport } from '../../src/annotate/viewport';

const bounds = { x: 100, y: 50, width: 400, height: 200 };
const view = Viewport.fit(bounds, { width: 816, height: 616 });

describe('the viewport', () => {
  it('shows all of the tile at first', () => {
    expect(view.place).toEqual({ x: 300, y: 150, scale: 2 });
    expect(view.toScreen([100, 50])).toEqual([8, 108]);
  });

  it('goes from the screen to the image and back', () => {
    const zoomed = view.zoom(3.7, [33, 44]).pan(-13, 5);
    const [x, y] = zoomed.toScreen(zoomed.toImage([123, 456]));
    expect(x).toBeCloseTo(123, 9);
    expect(y).toBeCloseTo(456, 9);
  });

  it('keeps the point under the pointer while it zooms', () => {
    const before = view.toImage([200, 300]);
    const after = view.zoom(2.5, [200, 300]).toImage([200, 300]);
    expect(after[0]).toBeCloseTo(before[0], 9);
    expect(after[1]).toBeCloseTo(before[1], 9);
  });

  it('zooms neither without end nor the tile out of sight', () => {
    expect(view.zoom(1e9).place.scale).toBe(MAX_SCALE);
    expect(view.zoom(1e-9).place.scale).toBe(0.5);
    const { x, y } = view.pan(1e6, -1e6).place;
    expect([x, y]).toEqual([100, 250]);
  });

  it('moves no further than to show a point', () => {
    expect(view.showing([300, 150], 20).place).toEqual(view.place);
    const moved = view.zoom(4).showing([100, 150], 20);
    expect(moved.toScreen([100, 150])[0]).toBeCloseTo(20, 9);
  });
});
