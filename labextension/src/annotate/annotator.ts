/**
 * One view's conversation with the kernel: ops are drawn at once, sent in order, kept until they are saved, and sent
 * again to a kernel that has not done them.
 */

import { stateOf } from './answers';
import type { Ack, Answer, Refused, Saved, State } from './answers';
import { eventsOf, once, opened, pixelsOf } from './arriving';
import { unpackAll, type Numbers } from './blocks';
import { REASONS } from './booleans';
import type { Event, Link, Unpacked } from './conversation';
import { Inbox } from './inbox';
import { Listeners } from './listeners';
import type { Mask } from './mask';
import type { First } from './model';
import type { Op, OpBody, RequestBody } from './ops';
import { NO_ROOM, type OpQueue } from './queue';
import { Requests } from './requests';
import { counted, ticked } from './ticks';
import type { Tile } from './tile';

export class Annotator {
  readonly events = new Listeners<Event>();
  state: State | null = null;
  tile: Tile | null = null;
  pixels: Numbers | null = null;
  saved: Saved | null = null;
  /** Whether the kernel has said how far it is; before, nothing can be drawn. */
  greeted = false;

  constructor(
    private readonly link: Link,
    private readonly queue: OpQueue,
    private readonly activeMs: () => number
  ) {
    this.requests = new Requests(message => {
      this.link.send({ ...message, session: queue.session });
    });
  }

  /** Say hello to a kernel: the first one, or one that came back. A view that has a tile goes on with it. */
  async greet(): Promise<void> {
    this.requests.abandon('The kernel was asked anew.');
    const tile = this.greeted ? this.state?.tile : undefined;
    // A kernel that came back may have another picture of that name.
    const pixels_of = this.greeted ? null : pixelsOf(this);
    const next = this.queue.oldest;
    this.load(await this.requests.ask({ op: 'hello', next, pixels_of }));
    if (tile !== undefined && tile !== this.state?.tile) {
      await this.open(tile);
    }
  }

  /** Show the state that the widget came with, until the kernel has answered. */
  async preview(first: First | null): Promise<void> {
    const arrays = first && (await unpackAll(first.content, first.buffers));
    if (arrays && !this.state) {
      this.put({ answer: first.content, arrays });
      this.tellOf({ answer: first.content, arrays });
    }
  }

  /** Go to another tile. */
  async open(tile: number): Promise<void> {
    const pixels_of = pixelsOf(this);
    this.load(await this.requests.ask({ op: 'state', tile, pixels_of }));
  }

  /** Draw a gesture and send it; `cover` are the pixels of an op that only names them. */
  commit(body: OpBody, cover: Mask | null = null): void {
    const { state, tile } = this;
    if (!state || !tile) {
      return;
    }
    if (!this.greeted) {
      this.say('The kernel is still opening the image: draw that again.');
      return;
    }
    const { rect, crc, vain } = tile.draw(this.queue.upcoming, body, cover);
    if (vain) {
      this.say(REASONS[vain]);
      return;
    }
    const op = this.queue.add(body, {
      base_rev: this.rev,
      tile: state.tile,
      active_ms: this.activeMs()
    });
    if (crc !== undefined) {
      op.crc = crc;
    }
    this.state = ticked(state, body);
    this.sentAt ??= performance.now();
    this.keep();
    this.events.tell({ type: 'labels', rect });
    this.events.tell({ type: 'status' });
    this.send(op);
  }

  readonly ask = (body: RequestBody) => this.requests.ask(body);

  /** Take a message of the kernel. Never fails: what is wrong is said. */
  receive(answer: Answer, buffers: readonly DataView[]): Promise<void> {
    return this.inbox.receive(answer, buffers);
  }

  get unsaved(): number {
    return this.queue.unsaved;
  }

  /** For how long an op has had no answer, in ms. */
  get silence(): number {
    return this.sentAt === null ? 0 : performance.now() - this.sentAt;
  }

  private readonly take = (message: Unpacked): void => {
    const { answer } = message;
    const { session } = this.queue;
    if (answer.answer !== 'ack' && (answer.session ?? session) !== session) {
      return; // All views of a widget hear all answers.
    }
    switch (answer.answer) {
      case 'ack':
        this.takeAck(answer, message.arrays.get('patch') ?? null);
        break;
      case 'refused':
        this.takeRefused(answer);
        break;
      case 'saved':
        this.takeSaved(answer);
        break;
      case 'show':
        this.events.tell({ ...answer, type: 'show' });
        break;
      case 'predicting':
        this.events.tell({ type: 'predicting', now: answer });
        this.requests.answered(answer.request, message);
        break;
      default:
        this.requests.answered(answer.request, message);
    }
  };

  private takeAck(ack: Ack, patch: Numbers | null): void {
    const { state, tile } = this;
    this.rev = Math.max(this.rev, ack.rev);
    if (!state || !tile || ack.session !== this.queue.session) {
      this.resync();
      return;
    }
    this.sentAt = tile.unanswered > 1 ? performance.now() : null;
    this.state = counted(state, ack);
    if (ack.tile === state.tile) {
      const numbers = patch && Uint32Array.from(patch);
      const rect = tile.take(ack, numbers);
      this.events.tell({ type: 'labels', rect });
    }
    if (ack.message) {
      this.events.tell({ type: 'message', text: ack.message, bad: false });
    }
    this.events.tell({ type: 'status' });
  }

  private takeRefused(refused: Refused): void {
    if (refused.request !== null) {
      this.requests.failed(refused.request, refused.error);
      return;
    }
    if (refused.seq !== null && refused.consumed) {
      this.queue.drop(refused.seq);
      this.keep();
    }
    this.say(refused.error);
    if (refused.expected !== null && !refused.consumed) {
      this.queue.after(refused.expected - 1).forEach(this.send);
      return;
    }
    this.resync();
  }

  private takeSaved(saved: Saved): void {
    this.saved = saved;
    const last = saved.seqs[this.queue.session];
    if (last !== undefined && !saved.error) {
      this.queue.saved(last);
      this.keep();
    }
    this.requests.answered(saved.request, { answer: saved, arrays: new Map() });
    this.events.tell({ type: 'status' });
  }

  /** Take the labels of the kernel as they are, and draw again what it has not done. */
  private load(message: Unpacked): void {
    const answer = stateOf(message.answer);
    this.put(message);
    this.greeted = true;
    this.queue.skipTo(answer.last);
    this.takeSaved(answer.saved);
    this.sentAt = null;
    this.sendAgain(answer.last);
    this.tellOf(message);
  }

  private put(message: Unpacked): void {
    const { state, tile, pixels } = opened(message, this);
    Object.assign(this, { state, tile, pixels, rev: state.rev });
  }

  private tellOf(message: Unpacked): void {
    eventsOf(message).forEach(event => {
      this.events.tell(event);
    });
  }

  private sendAgain(last: number): void {
    for (const op of this.queue.after(last)) {
      if (op.tile === this.state?.tile) {
        this.tile?.draw(op.seq, op);
      }
      this.sentAt ??= performance.now();
      this.send(op);
    }
  }

  private readonly send = (op: Op): void => {
    if (this.link.alive) {
      this.link.send({ ...op, base_rev: Math.min(op.base_rev, this.rev) });
    }
  };

  private keep(): void {
    if (!this.queue.keep()) {
      this.say(NO_ROOM);
    }
  }

  private readonly say = (text: string): void => {
    this.events.tell({ type: 'message', text, bad: true });
  };

  private rev = 0;
  /** Once for however many refusals come together. */
  private readonly resync = once(
    async () => this.state && this.open(this.state.tile),
    this.say
  );
  private sentAt: number | null = null;
  private readonly inbox = new Inbox(this.take, this.say);
  private readonly requests: Requests<Unpacked>;
}
