import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Clipboard, type Clip } from '../../src/annotate/clipboard';
import { Copying } from '../../src/annotate/copying';
import type { Point } from '../../src/annotate/geometry';
import { lead, placeOf } from '../../src/annotate/leading';
import type { Workbench } from '../../src/annotate/workbench';
import { box, TestBench } from './bench';

const clip: Clip = {
  document: 'a',
  ids: [1],
  bounds: [4, 4, 8, 8],
  labels: []
};
const answered = () => new Promise(resolve => setTimeout(resolve, 0));

beforeEach(() => {
  localStorage.clear();
});

describe('the clipboard', () => {
  it('is shared by all pages, and keeps the last copy', () => {
    new Clipboard(localStorage).put(clip);
    new Clipboard(localStorage).put({ ...clip, ids: [2, 3] });
    expect(new Clipboard(localStorage).get()).toEqual({ ...clip, ids: [2, 3] });
  });

  it.each([
    '{"document": 3}',
    'null',
    '[]',
    'nonsense',
    JSON.stringify({ ...clip, ids: [] }),
    JSON.stringify({ ...clip, bounds: [1, 2, null, 3] }),
    JSON.stringify({ ...clip, labels: 'x' })
  ])('takes %s for nothing', text => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    localStorage.setItem('axons-annotate-copied', text);
    expect(new Clipboard(localStorage).get()).toBeNull();
  });
});

/** Two images, each with a bench. */
function setUp(document: string, at: Point | null = null) {
  const bench = new TestBench();
  const workbench = Object.assign(bench, {
    get chosen() {
      return [...bench.selection].flatMap(id => bench.tile.rows.get(id) ?? []);
    }
  }) as unknown as Workbench;
  const clipboard = new Clipboard(localStorage);
  return {
    bench,
    copying: new Copying(workbench, document, clipboard, () => at)
  };
}

describe('copying', () => {
  const labels = [{ label_type: 'box' }];

  function copied(): ReturnType<typeof setUp> {
    const first = setUp('a', [30, 30]);
    first.bench.answer = () =>
      Promise.resolve({
        answer: { answer: 'copied', labels } as never,
        arrays: new Map()
      });
    first.bench.commit(box(10, 10, 4));
    first.bench.select([1]);
    const rows = first.bench.tile.rows;
    Object.defineProperty(first.bench, 'chosen', { get: () => [rows.get(1)] });
    first.copying.copy();
    first.bench.sent.length = 0;
    return first;
  }

  it('pastes by number on the same image, without waiting for the kernel', () => {
    const { bench, copying } = copied();
    copying.paste();
    const by = 16 * (30 - 12);
    expect(bench.sent).toEqual([{ op: 'paste', ids: [1], dx: by, dy: by }]);
    expect(bench.said.join()).toContain('1 label copied');
  });

  it('pastes the labels themselves on another image, in the middle of what is seen', async () => {
    copied();
    await answered();
    const { bench, copying } = setUp('b');
    copying.paste();
    const by = 16 * (32 - 12);
    expect(bench.sent).toEqual([{ op: 'insert', labels, dx: by, dy: by }]);
  });

  it('pastes what is gone here', async () => {
    const { bench, copying } = copied();
    await answered();
    bench.tile.rows.delete(1);
    copying.paste();
    expect(bench.sent).toMatchObject([{ op: 'insert', labels }]);
  });

  it('says that the other kernel has not answered, or that nothing is copied', () => {
    const { bench, copying } = setUp('b');
    copying.paste();
    copied();
    copying.paste();
    expect(bench.sent).toEqual([]);
    expect(bench.said[0]).toContain('Nothing is copied');
    expect(bench.said[1]).toContain('busy');
  });
});

describe('being led', () => {
  it('shows a label large, a point too, and never further away than the tile', () => {
    const { tile, viewport } = new TestBench();
    tile.draw(1, box(10, 20, 4));
    tile.draw(2, { op: 'point', label_class: null, x: 160, y: 320 });
    tile.draw(3, box(0, 0, 64));
    const place = (id: number) => {
      const row = tile.rows.get(id);
      return row && placeOf(row, viewport);
    };
    expect(place(1)).toEqual({ x: 12, y: 22, scale: 8 });
    expect(place(2)).toEqual({ x: 10, y: 20, scale: 8 });
    expect(place(3)).toEqual({ x: 32, y: 32, scale: viewport.place.scale });
  });

  it('opens the tile first', async () => {
    const opened: number[] = [];
    const looked: unknown[] = [];
    const bench = new TestBench();
    bench.commit(box(10, 20, 4));
    const workbench = Object.assign(bench, {
      annotator: {
        state: { tile: 0 },
        open: (tile: number) => {
          opened.push(tile);
          return Promise.resolve();
        }
      },
      tool: {},
      choose: () => undefined,
      stage: { look: (viewport: unknown) => looked.push(viewport) }
    });
    lead(workbench as unknown as Workbench, 2, 1);
    await answered();
    expect([opened, [...bench.selection], looked.length]).toEqual([
      [2],
      [1],
      1
    ]);
  });
});
