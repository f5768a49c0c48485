import { beforeEach, describe, expect, it } from 'vitest';

import { Knife, Lasso } from '../../src/annotate/tools/lasso';
import { Picker } from '../../src/annotate/tools/pick';
import { box, click, drag, spot, TestBench } from './bench';

let bench: TestBench;

beforeEach(() => {
  bench = new TestBench();
});

describe('pick', () => {
  beforeEach(() => {
    bench.commit(box(5, 5, 10));
    bench.commit(box(30, 30, 10));
    bench.sent.length = 0;
  });

  it('chooses one label, more with Shift, and none beside them', () => {
    const pick = new Picker(bench);
    click(pick, [8, 8]);
    expect([...bench.selection]).toEqual([1]);
    pick.press(spot(32, 32, { shift: true }));
    pick.release(spot(32, 32));
    expect([...bench.selection]).toEqual([1, 2]);
    click(pick, [60, 60]);
    expect(bench.selection.size).toBe(0);
    expect(bench.sent).toEqual([]);
  });

  it('moves what is chosen by whole sixteenths', () => {
    drag(new Picker(bench), [8, 8], [12.03, 9]);
    expect(bench.sent).toEqual([{ op: 'move', ids: [1], dx: 64, dy: 16 }]);
  });

  it('chooses the labels of a box', () => {
    drag(new Picker(bench), [1, 1], [45, 45]);
    expect([...bench.selection]).toEqual([1, 2]);
  });

  it('moves, inserts and deletes corners of a polygon', () => {
    const ring = [5, 5, 15, 5, 15, 15, 5, 15];
    bench.outlines.set(1, [ring]);
    bench.select([1]);
    const pick = new Picker(bench);
    drag(pick, [15, 5], [18, 4]);
    drag(pick, [10, 15], [10, 18]);
    pick.press(spot(5, 15, { alt: true }));
    const corner = { op: 'vertex', id: 1, ring: 0 };
    expect(bench.sent).toMatchObject([
      { ...corner, action: 'move', index: 1, x: 288, y: 64 },
      { ...corner, action: 'insert', index: 3, x: 160, y: 288 },
      { ...corner, action: 'delete', index: 3 }
    ]);
  });

  it('goes through the labels that lie over each other', () => {
    bench.commit(box(6, 6, 4));
    bench.outlines.set(1, [[5, 5, 15, 5, 15, 15, 5, 15]]);
    const pick = new Picker(bench);
    pick.hover(spot(8, 8));
    const seen = [1, 2, 3].map(() => {
      pick.step(1);
      return [...bench.selection];
    });
    expect(seen).toEqual([[3], [1], [3]]);
  });
});

describe('lines', () => {
  beforeEach(() => {
    bench.commit(box(5, 5, 10));
    bench.commit(box(30, 30, 10));
    bench.sent.length = 0;
  });

  it('the lasso takes labels of which it holds the larger part', () => {
    const lasso = new Lasso(bench);
    drag(lasso, [2, 2], [34, 2], [34, 34], [2, 34]);
    expect([...bench.selection]).toEqual([1]);
    expect(bench.said).toEqual(['1 label chosen.']);
  });

  it('the knife cuts the label under it', () => {
    drag(new Knife(bench), [28, 35], [35, 35], [44, 35]);
    expect(bench.sent).toEqual([
      { op: 'knife', id: 2, points: [448, 560, 704, 560] }
    ]);
  });
});
