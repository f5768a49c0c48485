import { beforeEach, describe, expect, it } from 'vitest';

import { Brush } from '../../src/annotate/tools/brush';
import { Click } from '../../src/annotate/tools/clicks';
import { Ellipse } from '../../src/annotate/tools/ellipse';
import { LiveWire } from '../../src/annotate/tools/livewire';
import { Polygon } from '../../src/annotate/tools/polygon';
import { Rubber } from '../../src/annotate/tools/rubber';
import {
  borderPixels,
  Superpixels
} from '../../src/annotate/tools/superpixels';
import { click, drag, spot, TestBench } from './bench';

let bench: TestBench;

beforeEach(() => {
  bench = new TestBench();
});

describe('the brush', () => {
  it('sends one stroke, in sixteenths of a pixel, and shows it before', () => {
    drag(new Brush('brush', bench), [5, 5], [10, 5.5]);
    expect(bench.sent).toEqual([
      {
        op: 'stroke',
        ...bench.painting(),
        points: [80, 80, 160, 88],
        radius: 48
      }
    ]);
    expect(bench.previews.filter(Boolean)).toHaveLength(2);
    expect(bench.previews.at(-1)).toBeNull();
  });

  it('follows the pressure of a pen', () => {
    const brush = new Brush('brush', bench);
    brush.press(spot(5, 5, { pressure: 1 }));
    brush.drag([spot(9, 5, { pressure: 0 })]);
    brush.release();
    expect(bench.sent[0]).toMatchObject({ radius: 48, radii: [48, 12] });
  });

  it('sends nothing of a gesture that is dropped', () => {
    const brush = new Brush('brush', bench);
    brush.press(spot(5, 5));
    expect(brush.cancel()).toBe(true);
    brush.release();
    expect(bench.sent).toEqual([]);
    expect(brush.cancel()).toBe(false);
  });

  it('shows exactly the pixels that the stroke then has', () => {
    drag(new Brush('brush', bench), [5, 5], [30, 22], [12, 40]);
    const shown = bench.previews.filter(Boolean).at(-1)?.mask.bits;
    const drawn = Uint8Array.from(bench.tile.raster.ids, id => Number(id > 0));
    expect(shown).toEqual(drawn);
  });
});

describe('the polygon', () => {
  it('is closed at its first corner', () => {
    click(new Polygon(bench), [5, 5], [20, 5], [20, 20], [5.5, 5]);
    expect(bench.sent).toMatchObject([
      { op: 'polygon', rings: [[80, 80, 320, 80, 320, 320]] }
    ]);
  });

  it('takes back corners, and needs three', () => {
    const polygon = new Polygon(bench);
    click(polygon, [5, 5], [20, 5], [20, 20]);
    expect(polygon.stepBack()).toBe(true);
    polygon.finish();
    expect(bench.sent).toEqual([]);
    expect(bench.said.join()).toContain('three corners');
    expect(polygon.stepBack()).toBe(false);
  });

  it('is closed by a second click at its last corner, which is there once', () => {
    const polygon = new Polygon(bench);
    click(polygon, [5, 5], [5.1, 5], [20, 5], [20, 20]);
    expect([polygon.unfinished, bench.sent]).toEqual([true, []]);
    click(polygon, [20.2, 20]);
    polygon.double();
    expect(polygon.unfinished).toBe(false);
    expect(bench.sent).toMatchObject([
      { op: 'polygon', rings: [[80, 80, 320, 80, 320, 320]] }
    ]);
  });

  it('goes on freehand from its last corner', () => {
    const polygon = new Polygon(bench);
    click(polygon, [5, 5], [20, 5], [20, 20]);
    drag(polygon, [20, 20], [15, 22], [10, 20], [5, 20]);
    expect(bench.sent).toEqual([]);
    polygon.finish();
    expect(bench.sent).toHaveLength(1);
  });

  it('gets the class that was chosen last', () => {
    const polygon = new Polygon(bench);
    click(polygon, [5, 5], [20, 5], [20, 20]);
    bench.settings = { ...bench.settings, labelClass: 'myelin' };
    polygon.finish();
    expect(bench.sent).toMatchObject([{ label_class: 'myelin' }]);
  });

  it('is drawn freehand in one drag', () => {
    const turn = Array.from({ length: 60 }, (_, i): [number, number] => {
      const angle = (i / 59) * 2 * Math.PI;
      return [30 + 15 * Math.cos(angle), 30 + 15 * Math.sin(angle)];
    });
    drag(new Polygon(bench), ...turn);
    expect(bench.sent).toHaveLength(1);
    expect(bench.tile.raster.at(30, 30)).toBe(1);
    expect(bench.tile.raster.at(30, 50)).toBe(0);
  });
});

describe('boxes, ellipses and clicks', () => {
  it('takes a box from any corner, dragged or clicked', () => {
    drag(new Rubber('box', bench), [20, 20], [10, 12]);
    const rubber = new Rubber('box', bench);
    click(rubber, [10, 12]);
    rubber.hover(spot(20, 20));
    click(rubber, [20, 20]);
    const one = { x0: 160, y0: 192, x1: 320, y1: 320 };
    expect(bench.sent).toMatchObject([one, one]);
  });

  it('draws an ellipse by its axis and its width', () => {
    const ellipse = new Ellipse(bench);
    drag(ellipse, [10, 30], [50, 30]);
    ellipse.hover(spot(30, 42));
    click(ellipse, [30, 42]);
    expect(bench.sent).toEqual([
      {
        op: 'ellipse',
        label_class: 'axon',
        x: 480,
        y: 480,
        radius1: 320,
        radius2: 192,
        angle: 0
      }
    ]);
  });

  it('clicks on pixels of the tile only', () => {
    const wand = new Click('wand', bench);
    click(wand, [3.7, 4.2], [-1, 4]);
    expect(bench.sent).toMatchObject([{ op: 'wand', x: 3, y: 4 }]);
    expect(bench.said).toEqual(['That is outside the tile: click inside it.']);
  });
});

describe('maps of the kernel', () => {
  const answered = () => new Promise(resolve => setTimeout(resolve, 0));

  it('superpixels are painted whole', async () => {
    const segments = Uint32Array.from(
      { length: 64 * 64 },
      (_, i) => 1 + Math.floor((i % 64) / 8) + 8 * Math.floor(i / 512)
    );
    bench.answer = () =>
      Promise.resolve({
        answer: {} as never,
        arrays: new Map([['segments', segments]])
      });
    const tool = new Superpixels(bench);
    tool.begin();
    await answered();
    drag(tool, [4, 4], [12, 4]);
    expect(bench.sent).toMatchObject([
      { op: 'superpixels', segments: [1, 2], size: 8 }
    ]);
  });

  it('superpixels are seen by the pixels where one ends', () => {
    const ids = Uint32Array.from([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3]);
    expect(borderPixels(ids, 4)).toEqual([1, 4, 5, 6, 7]);
  });

  it('a threshold says how large an object has to be', () => {
    bench.settings = { ...bench.settings, minArea: 7 };
    drag(new Rubber('threshold', bench), [2.5, 3], [20, 10]);
    expect(bench.sent).toMatchObject([
      { op: 'threshold', x: 2, y: 3, width: 18, height: 7, min_area: 7 }
    ]);
  });

  it('the live-wire follows the cheap pixels', async () => {
    const costs = new Uint8Array(64 * 64).fill(255);
    for (let i = 5; i <= 50; i++) {
      costs[5 * 64 + i] = 1; // along the top, then down
      costs[i * 64 + 50] = 1;
    }
    bench.answer = () =>
      Promise.resolve({
        answer: {} as never,
        arrays: new Map([['costs', costs]])
      });
    const wire = new LiveWire(bench);
    wire.begin();
    await answered();
    click(wire, [5.5, 5.5], [50.5, 50.5], [5.5, 50.5]);
    wire.finish();
    const [op] = bench.sent;
    const [ring = []] = op?.op === 'polygon' ? op.rings : [];
    const corners = Array.from({ length: ring.length / 2 }, (_, i) =>
      ring.slice(2 * i, 2 * i + 2).map(value => value / 16)
    );
    const near = corners.filter(
      ([x = 0, y = 0]) => Math.hypot(x - 50.5, y - 5.5) < 3
    );
    expect(near.length).toBeGreaterThan(0);
  });
});
