import { describe, expect, it } from 'vitest';

import golden from '../../../tests/data/annotate/sequences.json';
import type { Ack, Row, State } from '../../src/annotate/answers';
import type { OpBody } from '../../src/annotate/ops';
import { Tile } from '../../src/annotate/tile';

const [first] = golden.tiles as [[number, number, number, number]];

function emptyTile(): Tile {
  const state = { tile: 0, tiles: golden.tiles, labels: [], next_id: 1 };
  const ids = new Uint32Array(first[2] * first[3]);
  return new Tile(state as unknown as State, ids);
}

function rasterOf(tile: Tile): string[] {
  const { width, height } = tile.bounds;
  return Array.from({ length: height }, (_, row) =>
    Array.from(tile.raster.ids.subarray(row * width, (row + 1) * width), id =>
      id ? id.toString(36) : '.'
    ).join('')
  );
}

function ids(lines: readonly string[]): Uint32Array {
  return Uint32Array.from(lines.join(''), mark =>
    mark === '.' ? 0 : parseInt(mark, 36)
  );
}

type Step = (typeof golden.steps)[number];

/** The kernel's answer to a step. */
function ackOf(step: Step, rows: Row[] = [], removed: number[] = []): Ack {
  const { rev, rect, crc, next_id, undo, redo, message } = step as {
    [K in keyof Step]-?: NonNullable<Step[K]>;
  };
  return {
    answer: 'ack',
    session: golden.session,
    seq: message.seq,
    rev,
    tile: message.tile,
    rect: rect as unknown as Ack['rect'],
    crc,
    rows,
    removed,
    next_id,
    undo,
    redo,
    message: '',
    completed_tasks: [],
    finished_tiles: []
  };
}

describe('a tile, drawn ahead of the kernel', () => {
  const done = golden.steps.filter(step => !step.refused);

  it('knows when a gesture makes no sense', () => {
    const tile = emptyTile();
    const refused = golden.steps.find(({ refused }) => refused);
    expect(refused?.message.op).toBe('polygon');
    const drawn = tile.draw(1, refused?.message as unknown as OpBody);
    expect(drawn).toEqual({ rect: null, vain: 'nothing' });
    expect(tile.unanswered).toBe(0);
  });

  it('draws what the kernel draws, with its checksums', () => {
    const tile = emptyTile();
    for (const step of done) {
      const { rect, crc } = tile.draw(
        step.message.seq,
        step.message as unknown as OpBody
      );
      expect(rasterOf(tile), step.name).toEqual(step.raster);
      expect(rect && Object.values(rect), step.name).toEqual(step.rect);
      expect(crc, step.name).toBe(step.crc);
      tile.take(ackOf(step), null);
      expect(tile.nextId, step.name).toBe(step.next_id);
    }
  });
});

describe('an answer that differs', () => {
  const stroke = (seq: number, x: number): OpBody & { seq: number } => ({
    op: 'stroke',
    seq,
    mode: 'new',
    target: 0,
    label_class: 'axon',
    protect: false,
    points: [x, 330],
    radius: 16
  });

  it('wins, and later strokes are drawn on top of it again', () => {
    const tile = emptyTile();
    tile.draw(1, stroke(1, 36 * 16));
    tile.draw(2, stroke(2, 42 * 16));
    const before = rasterOf(tile);
    const [step] = golden.steps;
    if (!step) {
      throw new Error('There are no golden steps.');
    }
    const patch = new Uint32Array(first[2] * first[3]).fill(7);
    const rect = tile.take({ ...ackOf(step), rect: first, next_id: 8 }, patch);
    expect(rect).toEqual(tile.bounds);
    const after = rasterOf(tile).join('');
    expect(new Set(after)).toEqual(new Set(['7', '8']));
    const second = before.join('').replaceAll('1', '.');
    expect(ids([second]).map(Number)).toEqual(
      ids([after.replaceAll('7', '.').replaceAll('8', '2')])
    );
  });

  it('leaves nothing to undo ahead', () => {
    const tile = emptyTile();
    tile.draw(1, stroke(1, 36 * 16));
    tile.draw(2, { op: 'undo' });
    expect(rasterOf(tile).join('')).toMatch(/^\.+$/);
    expect(tile.draw(3, { op: 'undo' }).crc).toBeUndefined();
  });
});
