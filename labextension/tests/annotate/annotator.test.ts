import { describe, expect, it } from 'vitest';

import type { Block } from '../../src/annotate/answers';
import type { OpBody } from '../../src/annotate/ops';
import { dot, greeted, Kernel, pack } from './kernel';

describe('a conversation with the kernel', () => {
  it('draws a gesture at once and sends one message', async () => {
    const kernel = await greeted();
    kernel.sent.length = 0;
    kernel.annotator.commit(dot(2));
    expect(kernel.annotator.tile?.raster.at(2, 0)).toBe(1);
    expect(kernel.sent).toHaveLength(1);
    expect(kernel.sent[0]).toMatchObject({ op: 'stroke', seq: 1, tile: 0 });
    await kernel.ack(1, { rect: [2, 0, 1, 1] });
    expect(kernel.sent).toHaveLength(1);
  });

  it('shows what the widget came with, and takes no gesture before the kernel says how far it is', async () => {
    const { state } = (await greeted()).annotator;
    const kernel = new Kernel();
    const ids = pack(Uint32Array.from({ length: 64 }, () => 5));
    const first = state && { content: state, buffers: [ids] };
    await kernel.annotator.preview(first);
    expect(kernel.annotator.tile?.raster.at(3, 3)).toBe(5);
    expect(kernel.events.map(({ type }) => type)).toContain('tile');
    kernel.annotator.commit(dot(2));
    expect(kernel.sent).toEqual([]);
    expect(kernel.annotator.unsaved).toBe(0);
    expect(kernel.annotator.tile?.raster.at(2, 0)).toBe(5);
    const greeting = kernel.annotator.greet();
    const tile = [0, 0, 8, 8] as const;
    await kernel.state({ tile: 1, tiles: [tile, tile] });
    await greeting;
    expect(kernel.annotator.state?.tile).toBe(1); // where Python leads
    expect(kernel.take('state')).toEqual([]);
    expect(kernel.annotator.tile?.raster.at(3, 3)).toBe(0);
    kernel.annotator.commit(dot(2));
    expect(kernel.take('stroke')).toHaveLength(1);
  });

  it('says which pixels it has, so that they do not come again', async () => {
    const pixels: Block = { dtype: 'uint32', shape: [8, 8], buffer: 0 };
    const kernel = new Kernel();
    void kernel.annotator.greet();
    expect(kernel.take('hello')).toMatchObject([{ pixels_of: null }]);
    await kernel.state({ pixels });
    const shown = kernel.annotator.pixels;
    expect(shown).toHaveLength(64);
    const again = kernel.annotator.open(0);
    expect(kernel.take('state')).toMatchObject([{ pixels_of: 0 }]);
    await kernel.state({ pixels: null });
    await again;
    expect(kernel.annotator.pixels).toBe(shown);
    void kernel.annotator.greet(); // a kernel that came back
    expect(kernel.take('hello').at(-1)).toMatchObject({ pixels_of: null });
  });

  it('does not ask for the pixels that the widget came with', async () => {
    const { state } = (await greeted()).annotator;
    const kernel = new Kernel();
    const pixels: Block = { dtype: 'uint32', shape: [8, 8], buffer: 0 };
    const first = state && {
      content: { ...state, pixels },
      buffers: [pack(new Uint32Array(64))]
    };
    await kernel.annotator.preview(first);
    void kernel.annotator.greet();
    expect(kernel.take('hello')).toMatchObject([{ pixels_of: 0 }]);
  });

  it('keeps an op until it is saved', async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(2));
    await kernel.ack(1);
    expect(kernel.annotator.unsaved).toBe(1);
    const { session } = kernel.queue;
    await kernel.answer({
      answer: 'saved',
      session: null,
      request: null,
      rev: 1,
      seqs: { [session]: 1 },
      error: null,
      conflict: false
    });
    expect(kernel.annotator.unsaved).toBe(0);
  });

  it('sends again what a new kernel has not done, in order, and draws it', async () => {
    const kernel = await greeted();
    [1, 2, 3].forEach(x => {
      kernel.annotator.commit(dot(x));
    });
    kernel.sent.length = 0;
    const greeting = kernel.annotator.greet();
    await kernel.state({ last: 1, next_id: 2 });
    await greeting;
    expect(kernel.take('stroke').map(({ seq }) => seq)).toEqual([2, 3]);
    const { raster } = kernel.annotator.tile ?? {};
    expect([1, 2, 3].map(x => raster?.at(x, 0))).toEqual([0, 2, 3]);
  });

  it('says which op is the oldest that it has', async () => {
    const kernel = await greeted();
    expect(kernel.take('hello')).toMatchObject([{ next: 1 }]);
    kernel.annotator.commit(dot(1));
    kernel.annotator.commit(dot(2));
    kernel.queue.saved(1);
    void kernel.annotator.greet();
    expect(kernel.take('hello').at(-1)).toMatchObject({ next: 2 });
  });

  it('sends nothing while there is no kernel', async () => {
    const kernel = await greeted();
    kernel.sent.length = 0;
    kernel.alive = false;
    kernel.annotator.commit(dot(1));
    expect(kernel.sent).toEqual([]);
    expect(kernel.annotator.unsaved).toBe(1);
    expect(kernel.annotator.tile?.raster.at(1, 0)).toBe(1);
  });

  it('asks for the labels anew, once, when gestures are refused', async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(1));
    kernel.annotator.commit(dot(2));
    kernel.sent.length = 0;
    for (const seq of [1, 2]) {
      await kernel.answer({
        answer: 'refused',
        session: kernel.queue.session,
        seq,
        request: null,
        expected: null,
        consumed: true,
        error: 'That made no sense.'
      });
    }
    expect(kernel.take('state')).toHaveLength(1);
    await kernel.state();
    expect(kernel.annotator.unsaved).toBe(0);
    expect(kernel.annotator.tile?.raster.at(1, 0)).toBe(0);
    expect(kernel.events).toContainEqual({
      type: 'message',
      text: 'That made no sense.',
      bad: true
    });
  });

  it('sends ops again from the one that is expected', async () => {
    const kernel = await greeted();
    [1, 2, 3].forEach(x => {
      kernel.annotator.commit(dot(x));
    });
    kernel.sent.length = 0;
    await kernel.answer({
      answer: 'refused',
      session: kernel.queue.session,
      seq: 3,
      request: null,
      expected: 2,
      consumed: false,
      error: 'Number 2 is expected.'
    });
    expect(kernel.take('stroke').map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('sends no gesture that changes nothing', async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(99));
    kernel.annotator.commit({ ...dot(1), mode: 'subtract' } as OpBody);
    expect(kernel.take('stroke')).toEqual([]);
    expect(JSON.stringify(kernel.events)).toContain('Nothing changes');
    kernel.annotator.commit(dot(1));
    expect(kernel.take('stroke')).toMatchObject([{ seq: 1 }]);
  });

  it("takes the kernel's pixels where they differ", async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(1));
    const patch = { dtype: 'uint32', shape: [1, 2], buffer: 0 } as Block;
    await kernel.ack(1, { rect: [4, 0, 2, 1], patch, next_id: 10 }, [
      pack(Uint32Array.of(9, 9))
    ]);
    const { tile } = kernel.annotator;
    expect([1, 4, 5].map(x => tile?.raster.at(x, 0))).toEqual([0, 9, 9]);
    expect(tile?.nextId).toBe(10);
  });

  it('asks for the labels anew when another view has drawn', async () => {
    const kernel = await greeted();
    kernel.sent.length = 0;
    await kernel.ack(1, { session: 'another', rev: 5 });
    expect(kernel.take('state')).toHaveLength(1);
  });

  it('says when an answer cannot be read, and goes on', async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(1));
    const patch = { dtype: 'uint32', shape: [1, 2], buffer: 3 } as Block;
    await kernel.ack(1, { patch });
    const told = kernel.events.filter(({ type }) => type === 'message');
    expect(JSON.stringify(told)).toContain('not understood');
    await kernel.ack(1);
    expect(kernel.annotator.tile?.unanswered).toBe(0);
  });
});
