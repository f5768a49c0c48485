import { deflateSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import type { Ack, Answer, Block, State } from '../../src/annotate/answers';
import { Annotator } from '../../src/annotate/annotator';
import type { Event } from '../../src/annotate/conversation';
import type { OpBody } from '../../src/annotate/ops';
import { OpQueue } from '../../src/annotate/queue';

interface Sent {
  readonly op: string;
  readonly seq: number;
  readonly request: number;
  readonly session: string;
  readonly crc?: number;
  readonly tile?: number;
}

const SIDE = 8;
let count = 0;

function pack(numbers: Uint32Array | Uint8Array): DataView {
  const bytes = new Uint8Array(numbers.buffer);
  const packed = deflateSync(bytes);
  return new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
}

/** A kernel that says what it is told to. */
class Kernel {
  readonly sent: Sent[] = [];
  readonly events: Event[] = [];
  alive = true;
  readonly queue = new OpQueue(`kernel ${++count}`, sessionStorage);
  readonly annotator = new Annotator(this, this.queue, () => 0);

  constructor() {
    this.annotator.events.add(event => this.events.push(event));
  }

  send(message: unknown): void {
    this.sent.push(message as Sent);
  }

  take(op: string): Sent[] {
    return this.sent.filter(message => message.op === op);
  }

  async answer(answer: Partial<Answer>, buffers: DataView[] = []) {
    await this.annotator.receive(answer as Answer, buffers);
    await Promise.resolve(); // who has asked goes on
  }

  async state(change: Partial<State> = {}) {
    const request = this.sent.at(-1)?.request ?? 0;
    const block = { dtype: 'uint32', shape: [SIDE, SIDE], buffer: 0 } as Block;
    const saved = { answer: 'saved', seqs: {}, error: null, conflict: false };
    await this.answer(
      {
        answer: 'state',
        request,
        last: 0,
        rev: 0,
        tile: 0,
        tiles: [[0, 0, SIDE, SIDE]],
        labels: [],
        next_id: 1,
        ids: block,
        saved,
        ...change
      } as unknown as State,
      [pack(new Uint32Array(SIDE * SIDE))]
    );
  }

  async ack(seq: number, change: Partial<Ack> = {}, buffers: DataView[] = []) {
    const ack = {
      answer: 'ack',
      session: this.queue.session,
      seq,
      rev: seq,
      tile: 0,
      rect: [0, 0, 1, 1],
      rows: [],
      removed: [],
      next_id: seq + 1,
      message: ''
    };
    await this.answer({ ...ack, ...change } as unknown as Ack, buffers);
  }
}

function dot(x: number): OpBody {
  return {
    op: 'stroke',
    mode: 'new',
    target: 0,
    label_class: null,
    protect: false,
    points: [x * 16 + 8, 8],
    radius: 0
  };
}

async function greeted(): Promise<Kernel> {
  const kernel = new Kernel();
  const greeting = kernel.annotator.greet();
  await kernel.state();
  await greeting;
  return kernel;
}

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

  it('keeps an op until it is saved', async () => {
    const kernel = await greeted();
    kernel.annotator.commit(dot(2));
    await kernel.ack(1);
    expect(kernel.annotator.unsaved).toBe(1);
    const { session } = kernel.queue;
    await kernel.answer({
      answer: 'saved',
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
