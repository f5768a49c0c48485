import { beforeEach, describe, expect, it } from 'vitest';

import { OpQueue } from '../../src/annotate/queue';

const about = { base_rev: 0, tile: 0, active_ms: 0 };
const undo = { op: 'undo' } as const;

/** The names differ, as views of one page never share a queue. */
let name = '';
let count = 0;

beforeEach(() => {
  name = `document ${++count}`;
  sessionStorage.clear();
});

function reopened(queue: OpQueue): OpQueue {
  queue.keep();
  queue.release();
  return new OpQueue(name, sessionStorage);
}

describe('the queue of ops', () => {
  it('numbers ops from 1 without a gap', () => {
    const queue = new OpQueue(name, sessionStorage);
    const numbers = [1, 2, 3].map(() => queue.add(undo, about).seq);
    expect(numbers).toEqual([1, 2, 3]);
    expect(queue.session).toMatch(/^[0-9a-f]{24}$/);
  });

  it('goes on with session, number and ops after a reload', () => {
    const queue = new OpQueue(name, sessionStorage);
    queue.add(undo, about);
    queue.add({ op: 'redo' }, about);
    queue.saved(1);
    const again = reopened(queue);
    expect(again.session).toBe(queue.session);
    expect(again.after(0).map(({ op, seq }) => [op, seq])).toEqual([
      ['redo', 2]
    ]);
    expect(again.add(undo, about).seq).toBe(3);
  });

  it('keeps ops until they are saved, whatever was answered', () => {
    const queue = new OpQueue(name, sessionStorage);
    [1, 2, 3].forEach(() => queue.add(undo, about));
    expect(queue.after(2).map(({ seq }) => seq)).toEqual([3]);
    expect(queue.unsaved).toBe(3);
    queue.saved(2);
    expect(queue.unsaved).toBe(1);
    queue.drop(3);
    expect(queue.unsaved).toBe(0);
  });

  it('takes no number that another life of the page has used', () => {
    const queue = new OpQueue(name, sessionStorage);
    queue.skipTo(7);
    expect(queue.add(undo, about).seq).toBe(8);
    queue.skipTo(3);
    expect(queue.add(undo, about).seq).toBe(9);
  });

  it('gives two views of one image a session each', () => {
    const first = new OpQueue(name, sessionStorage);
    const second = new OpQueue(name, sessionStorage);
    expect(second.session).not.toBe(first.session);
  });

  it('begins anew when what was kept is damaged', () => {
    const queue = new OpQueue(name, sessionStorage);
    queue.add(undo, about);
    queue.keep();
    queue.release();
    const key = sessionStorage.key(0) ?? '';
    sessionStorage.setItem(key, sessionStorage.getItem(key)?.slice(9) ?? '');
    expect(new OpQueue(name, sessionStorage).unsaved).toBe(0);
  });

  it('says when the browser has no room', () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
      removeItem: () => undefined
    };
    expect(new OpQueue(name, full).keep()).toBe(false);
  });
});
