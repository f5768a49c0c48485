/** A kernel that says what it is told to. */

import { deflateSync } from 'node:zlib';

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
  readonly model?: string;
}

const SIDE = 8;
let count = 0;

export function pack(numbers: Uint32Array | Uint8Array): DataView {
  const bytes = new Uint8Array(numbers.buffer);
  const packed = deflateSync(bytes);
  return new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
}

export class Kernel {
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
        session: this.queue.session,
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

export function dot(x: number): OpBody {
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

export async function greeted(): Promise<Kernel> {
  const kernel = new Kernel();
  const greeting = kernel.annotator.greet();
  await kernel.state();
  await greeting;
  return kernel;
}
