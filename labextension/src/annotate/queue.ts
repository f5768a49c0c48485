/**
 * The ops that the kernel may not have saved yet: numbered, and kept in the browser's session across a reload.
 *
 * An op leaves the queue when the kernel says that the storage holds it; so a crash of the kernel loses none.
 */

import type { Op, OpBody } from './ops';

/** What `sessionStorage` is used for. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

interface Kept {
  readonly session: string;
  readonly next: number;
  readonly ops: readonly Op[];
  /** Whether a page has it now, or has ended without a word. */
  readonly held?: boolean;
}

export const NO_ROOM =
  'The browser has no more room to keep unsaved work: do not reload the page until it is saved.';

const PREFIX = 'axons-annotate:';
/** Sessions that this page uses now: two views of one image have one each. */
const taken = new Set<string>();

export class OpQueue {
  session: string;
  /** Whether a page that had the session has not left it: it crashed, or this tab is a copy of its tab. */
  readonly wasHeld: boolean;

  /** Goes on with the session that an earlier life of this page has left for `document`, if there is one. */
  constructor(
    private readonly document: string,
    private readonly shelf: Shelf
  ) {
    const [slot, kept] = claim(document, shelf);
    this.slot = slot;
    this.wasHeld = kept?.held ?? false;
    this.session = kept?.session ?? newSession();
    this.next = kept?.next ?? 1;
    this.ops = [...(kept?.ops ?? [])];
  }

  add(
    body: OpBody,
    about: Pick<Op, 'base_rev' | 'tile' | 'active_ms'>
  ): Op & { crc?: number } {
    const op = { ...body, ...about, session: this.session, seq: this.next };
    this.next++;
    this.ops.push(op);
    return op;
  }

  /** Write the queue down. False when the browser has no room for it: then a reload of the page would lose it. */
  keep(): boolean {
    return this.write(true);
  }

  /** The page goes, and may come back. */
  leave(): void {
    this.write(false);
  }

  /** Begin a session of its own: another tab has the one that was kept here, and its ops. */
  renew(): void {
    this.session = newSession();
    this.next = 1;
    this.ops = [];
  }

  private write(held: boolean): boolean {
    const { session, next, ops } = this;
    const kept: Kept = { session, next, ops, held };
    try {
      this.shelf.setItem(this.slot, JSON.stringify(kept));
      return true;
    } catch (error) {
      console.warn(`Axons: ${this.document} cannot be kept here.`, error);
      return false;
    }
  }

  /** The storage holds all ops up to this one. */
  saved(upTo: number): void {
    this.ops = this.ops.filter(({ seq }) => seq > upTo);
  }

  /** The op was refused for good. */
  drop(seq: number): void {
    this.ops = this.ops.filter(op => op.seq !== seq);
  }

  /** What the kernel has not done, when it has done all up to `last`. */
  after(last: number): readonly Op[] {
    return this.ops.filter(({ seq }) => seq > last);
  }

  /** The kernel has done more than this queue knows of: another life of the page went further. */
  skipTo(last: number): void {
    this.next = Math.max(this.next, last + 1);
  }

  /** The number of the oldest op that is kept, else of the next. */
  get oldest(): number {
    return this.ops[0]?.seq ?? this.next;
  }

  /** The number of the next op. */
  get upcoming(): number {
    return this.next;
  }

  get unsaved(): number {
    return this.ops.length;
  }

  /** Leave the session to the next view of the document in this tab of the browser. */
  release(): void {
    this.leave();
    taken.delete(this.slot);
  }

  private readonly slot: string;
  private next: number;
  private ops: Op[];
}

function claim(document: string, shelf: Shelf): [string, Kept | null] {
  let number = 1;
  let slot = `${PREFIX}${document}:${number}`;
  while (taken.has(slot)) {
    slot = `${PREFIX}${document}:${++number}`;
  }
  taken.add(slot);
  return [slot, read(shelf.getItem(slot))];
}

function read(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null;
    const good =
      typeof kept?.session === 'string' &&
      Number.isInteger(kept.next) &&
      Array.isArray(kept.ops);
    return good ? kept : null;
  } catch (error) {
    console.warn('Axons: what the browser had kept cannot be read.', error);
    return null;
  }
}

function newSession(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
