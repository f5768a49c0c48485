import { beforeEach, describe, expect, it } from 'vitest';

import { Owners, Tab, type Channel } from '../../src/annotate/owners';
import { OpQueue } from '../../src/annotate/queue';

const about = { base_rev: 0, tile: 0, active_ms: 0 };
const undo = { op: 'undo' } as const;

/** Channels between tabs: what one posts, the others hear a moment later. */
class Air {
  private readonly all = new Set<(event: MessageEvent) => void>();

  channel(): Channel {
    let own: ((event: MessageEvent) => void) | null = null;
    return {
      postMessage: (data: unknown) => {
        for (const hear of this.all) {
          if (hear !== own) {
            queueMicrotask(() => {
              hear({ data } as MessageEvent);
            });
          }
        }
      },
      addEventListener: (_: string, hear: unknown) => {
        own = hear as typeof own;
        this.all.add(hear as (event: MessageEvent) => void);
      },
      close: () => {
        if (own) {
          this.all.delete(own);
        }
      }
    };
  }
}

/** A tab's own storage; a duplicated tab begins with a copy of it. */
function storage(from: Iterable<[string, string]> = []) {
  const items = new Map(from);
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key)
  };
}

let air: Air;
let count = 0;

beforeEach(() => {
  air = new Air();
});

/** As in another page: what this page has taken is free there. */
async function opened(name: string, shelf: ReturnType<typeof storage>) {
  const slot = `axons-annotate:${name}:1`;
  const kept = shelf.getItem(slot);
  const queue = new OpQueue(`page ${++count}`, {
    ...shelf,
    getItem: () => kept,
    setItem: (_, value) => {
      shelf.setItem(slot, value);
    }
  });
  const tab = new Tab(queue, air.channel());
  await tab.settled;
  return { queue, tab };
}

describe('a session belongs to one tab', () => {
  it('a duplicated tab begins its own, and leaves the ops to the first', async () => {
    const mine = storage();
    const first = await opened('a', mine);
    first.queue.add(undo, about);
    first.queue.keep();
    const copy = await opened('a', storage(mine.items));
    expect(copy.queue.session).not.toBe(first.queue.session);
    expect([copy.queue.unsaved, copy.queue.upcoming]).toEqual([0, 1]);
    expect(first.queue.unsaved).toBe(1);
    first.tab.dispose();
    copy.tab.dispose();
  });

  it('a page that is loaded again goes on at once', async () => {
    const mine = storage();
    const first = await opened('b', mine);
    first.queue.add(undo, about);
    first.queue.keep();
    window.dispatchEvent(new Event('pagehide'));
    const started = performance.now();
    const again = await opened('b', mine);
    expect(performance.now() - started).toBeLessThan(500);
    expect(again.queue.session).toBe(first.queue.session);
    expect(again.queue.unsaved).toBe(1);
    first.tab.dispose();
    again.tab.dispose();
  });

  it('after a crash it goes on with what was kept, as nobody answers', async () => {
    const mine = storage();
    const first = await opened('c', mine);
    first.queue.add(undo, about);
    first.queue.keep();
    const kept = [...mine.items];
    first.tab.dispose(); // its tab is gone, with its channel
    const again = await opened('c', storage(kept));
    expect(again.queue.session).toBe(first.queue.session);
    expect(again.queue.unsaved).toBe(1);
    again.tab.dispose();
  });

  it('who has another session says nothing', async () => {
    new Owners(air.channel(), session => session === 'x');
    const owners = new Owners(air.channel(), () => true);
    expect(await owners.taken('x')).toBe(true);
    expect(await owners.taken('y')).toBe(false);
  });
});
