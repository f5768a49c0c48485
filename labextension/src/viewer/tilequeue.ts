/** Asks the kernel for tiles: one message per frame, the newest wishes first, a few at a time. */

import type { FromKernel, TileRequest, ToKernel } from './messages';

/** More would wait in the kernel, where they can no longer be called back. */
const IN_FLIGHT = 8;
/** Older wishes than these are for a view that has been left. */
const WAITING = 96;
/** The reason that a tile is given when it is dropped; it may be asked for again. */
export const DROPPED = 'no longer needed';

interface Wish {
  readonly request: TileRequest;
  readonly done: (picture: Blob) => void;
  readonly failed: (message: string) => void;
}

export class TileQueue {
  constructor(
    private readonly send: (message: ToKernel) => void,
    private readonly nextFrame: (work: () => void) => void,
    private readonly now: () => number = Date.now
  ) {}

  /** Calls `done` or `failed` later, unless the wish is dropped with `abort`. */
  ask(
    request: TileRequest,
    done: (picture: Blob) => void,
    failed: (message: string) => void
  ): number {
    const id = ++this.last;
    this.waiting.set(id, { request, done, failed });
    if (this.waiting.size > WAITING) {
      this.drop(this.waiting.keys().next().value);
    }
    this.wake();
    return id;
  }

  abort(id: number): void {
    this.waiting.delete(id);
    // One that is with the kernel keeps its place: the kernel does the work.
    const wish = this.inFlight.get(id);
    if (wish) {
      this.inFlight.set(id, { ...wish, done: ignore, failed: ignore });
    }
  }

  receive(answer: FromKernel, buffers: readonly DataView[]): void {
    const wish = this.inFlight.get(answer.id);
    if (!wish || answer.op === 'value') {
      return;
    }
    this.inFlight.delete(answer.id);
    this.heard = this.now();
    if (answer.op === 'tile' && buffers[0]) {
      const bytes = buffers[0] as unknown as BlobPart;
      wish.done(new Blob([bytes], { type: answer.type }));
    } else {
      wish.failed(
        answer.op === 'failed' ? answer.message : 'The tile came without data.'
      );
    }
    this.wake();
  }

  /** Asks again for all that is unanswered: after the connection was lost. */
  askAgain(): void {
    const lost = [...this.inFlight];
    this.inFlight.clear();
    this.waiting = new Map([...lost, ...this.waiting]);
    this.wake();
  }

  /** For how many ms the kernel has been silent though it owes tiles. */
  get silence(): number {
    return this.inFlight.size ? this.now() - this.heard : 0;
  }

  dispose(): void {
    this.waiting.clear();
    this.inFlight.clear();
  }

  private drop(id: number | undefined): void {
    if (id !== undefined) {
      const wish = this.waiting.get(id);
      this.waiting.delete(id);
      wish?.failed(DROPPED);
    }
  }

  private wake(): void {
    if (!this.awake && this.waiting.size && this.inFlight.size < IN_FLIGHT) {
      this.awake = true;
      this.nextFrame(() => {
        this.awake = false;
        this.sendNewest();
      });
    }
  }

  private sendNewest(): void {
    const room = IN_FLIGHT - this.inFlight.size;
    const newest = room > 0 ? [...this.waiting].slice(-room) : [];
    if (!this.inFlight.size) {
      this.heard = this.now();
    }
    for (const [id, wish] of newest) {
      this.waiting.delete(id);
      this.inFlight.set(id, wish);
    }
    if (newest.length) {
      const tiles = newest.map(([id, wish]) => ({ id, ...wish.request }));
      this.send({ op: 'tiles', tiles });
    }
  }

  private last = 0;
  private awake = false;
  private heard = 0;
  private waiting = new Map<number, Wish>();
  private readonly inFlight = new Map<number, Wish>();
}

function ignore(): void {
  // The tile is no longer wanted.
}
