import { describe, expect, it, vi } from 'vitest';

import type { ToKernel } from '../../src/viewer/messages';
import { DROPPED, TileQueue } from '../../src/viewer/tilequeue';

type Tiles = Extract<ToKernel, { op: 'tiles' }>;

const DATA = [new DataView(new ArrayBuffer(3))];

function queueOf() {
  const sent: Tiles[] = [];
  const frames: (() => void)[] = [];
  let time = 0;
  const queue = new TileQueue(
    message => sent.push(message as Tiles),
    work => frames.push(work),
    () => time
  );
  const ask = (x: number) => {
    const done = vi.fn();
    const failed = vi.fn();
    const request = { layer: 'image', level: 0, x, y: 0 };
    return { id: queue.ask(request, done, failed), done, failed };
  };
  return {
    queue,
    sent,
    ask,
    frame: () => {
      frames.splice(0).forEach(work => {
        work();
      });
    },
    answer: (id: number) => {
      queue.receive({ op: 'tile', id, type: 'image/png' }, DATA);
    },
    at: (ms: number) => {
      time = ms;
    }
  };
}

describe('TileQueue', () => {
  it('asks for all tiles of a frame in one message', () => {
    const { ask, frame, sent } = queueOf();
    ask(0);
    ask(1);
    expect(sent).toEqual([]);
    frame();
    expect(sent.map(message => message.tiles.map(tile => tile.x))).toEqual([
      [0, 1]
    ]);
  });

  it('gives each answer to the tile that it is for', () => {
    const { ask, frame, answer } = queueOf();
    const [first, second] = [ask(0), ask(1)];
    frame();
    answer(second.id);
    expect(first.done).not.toHaveBeenCalled();
    const picture = second.done.mock.calls[0]?.[0] as Blob;
    expect([picture.type, picture.size]).toEqual(['image/png', 3]);
  });

  it('has at most eight tiles with the kernel, the newest first', () => {
    const { ask, frame, sent, answer } = queueOf();
    const wishes = Array.from({ length: 20 }, (_, x) => ask(x));
    frame();
    expect(sent[0]?.tiles.map(tile => tile.x)).toEqual([
      12, 13, 14, 15, 16, 17, 18, 19
    ]);
    frame();
    expect(sent).toHaveLength(1);
    answer(wishes[12]?.id ?? 0);
    answer(wishes[13]?.id ?? 0);
    frame();
    expect(sent[1]?.tiles.map(tile => tile.x)).toEqual([10, 11]);
  });

  it('does not ask for what was called back in time', () => {
    const { queue, ask, frame, sent } = queueOf();
    const wish = ask(0);
    ask(1);
    queue.abort(wish.id);
    frame();
    expect(sent[0]?.tiles.map(tile => tile.x)).toEqual([1]);
  });

  it('throws away the answer to what was called back later', () => {
    const { queue, ask, frame, answer } = queueOf();
    const wish = ask(0);
    frame();
    queue.abort(wish.id);
    answer(wish.id);
    expect(wish.done).not.toHaveBeenCalled();
    expect(wish.failed).not.toHaveBeenCalled();
  });

  it('drops the oldest wishes of a view that has been left', () => {
    const { ask } = queueOf();
    const wishes = Array.from({ length: 97 }, (_, x) => ask(x));
    expect(wishes[0]?.failed).toHaveBeenCalledExactlyOnceWith(DROPPED);
    expect(wishes[1]?.failed).not.toHaveBeenCalled();
  });

  it('tells a tile why the kernel could not draw it', () => {
    const { queue, ask, frame } = queueOf();
    const [first, second] = [ask(0), ask(1)];
    frame();
    queue.receive({ op: 'failed', id: first.id, message: 'broken' }, []);
    queue.receive({ op: 'tile', id: second.id, type: 'image/png' }, []);
    expect(first.failed).toHaveBeenCalledWith('broken');
    expect(second.failed).toHaveBeenCalledWith('The tile came without data.');
  });

  it('does not mind answers that nobody waits for', () => {
    const { answer, queue } = queueOf();
    answer(99);
    queue.receive({ op: 'value', id: 1, values: [], labels: {} }, []);
    expect(queue.silence).toBe(0);
  });

  it('measures how long the kernel owes an answer', () => {
    const { queue, ask, frame, answer, at } = queueOf();
    at(1000);
    const [first, second] = [ask(0), ask(1)];
    frame();
    at(1700);
    expect(queue.silence).toBe(700);
    answer(first.id);
    expect(queue.silence).toBe(0);
    at(1800);
    expect(queue.silence).toBe(100);
    answer(second.id);
    at(9000);
    expect(queue.silence).toBe(0);
  });

  it('asks again for what was lost with the connection', () => {
    const { queue, ask, frame, sent, answer } = queueOf();
    const wish = ask(0);
    frame();
    queue.askAgain();
    frame();
    expect(sent[1]).toEqual(sent[0]);
    answer(wish.id);
    answer(wish.id);
    expect(wish.done).toHaveBeenCalledOnce();
  });

  it('keeps nothing of a thousand tiles', () => {
    const { queue, ask, frame, answer } = queueOf();
    for (let x = 0; x < 1000; x++) {
      const wish = ask(x);
      frame();
      if (x % 3 === 0) {
        queue.abort(wish.id);
      }
      answer(wish.id);
    }
    const inside = queue as unknown as Record<string, Map<number, unknown>>;
    expect([inside['waiting']?.size, inside['inFlight']?.size]).toEqual([0, 0]);
  });
});
