/** Sends one file in pieces: some in flight, each acknowledged, hashed on the way; goes on where it was broken off. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

export interface Limits {
  readonly chunk: number;
  readonly in_flight: number;
}

export interface Transport {
  readonly chunk: (offset: number, bytes: ArrayBuffer) => void;
  readonly finish: (sha256: string) => void;
  /** The file cannot be read any more: it was moved or changed. */
  readonly failed: (message: string) => void;
}

export class Transfer {
  constructor(
    private readonly file: Blob,
    private readonly limits: Limits,
    private readonly transport: Transport,
    private readonly now: () => number = Date.now
  ) {
    this.heard = now();
  }

  /** The kernel has the file up to `offset`: send the rest. */
  async start(offset: number): Promise<void> {
    this.heard = this.now();
    this.run++;
    this.acknowledged = offset;
    await this.send(offset, this.run);
  }

  /** The kernel has `received` bytes; there is room for more pieces. */
  acknowledge(received: number): void {
    this.heard = this.now();
    this.acknowledged = Math.max(this.acknowledged, received);
    this.wake?.();
  }

  stop(): void {
    this.run++;
    this.wake?.();
  }

  /** How much of the file is known to have come. */
  get received(): number {
    return this.acknowledged;
  }

  /** For how many ms nothing was heard. */
  get silence(): number {
    return this.now() - this.heard;
  }

  private async send(offset: number, run: number): Promise<void> {
    try {
      await this.hashUpTo(offset, run);
      for (let next = offset; next < this.file.size && run === this.run;) {
        const bytes = await this.read(next);
        await this.room(next, run);
        if (run === this.run) {
          this.transport.chunk(next, bytes);
          next += bytes.byteLength;
        }
      }
      await this.all(run);
    } catch (reason) {
      if (run === this.run) {
        this.run++;
        this.transport.failed(String(reason));
      }
    }
  }

  /** Wait until the last piece is acknowledged, then say what the whole should be. */
  private async all(run: number): Promise<void> {
    while (run === this.run && this.acknowledged < this.file.size) {
      await this.acknowledgement();
    }
    if (run === this.run) {
      this.transport.finish(bytesToHex(this.hash.clone().digest()));
    }
  }

  private async room(next: number, run: number): Promise<void> {
    const most = this.limits.chunk * this.limits.in_flight;
    while (run === this.run && next - this.acknowledged >= most) {
      await this.acknowledgement();
    }
  }

  private acknowledgement(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve;
    });
  }

  /** What the kernel has already is hashed all the same: after a reload of the page. */
  private async hashUpTo(offset: number, run: number): Promise<void> {
    while (this.hashed < offset && run === this.run) {
      await this.read(this.hashed, offset);
    }
  }

  private async read(from: number, end = this.file.size): Promise<ArrayBuffer> {
    const to = Math.min(from + this.limits.chunk, end);
    const bytes = await this.file.slice(from, to).arrayBuffer();
    if (from === this.hashed) {
      this.hash.update(new Uint8Array(bytes));
      this.hashed = to;
    }
    return bytes;
  }

  private readonly hash = sha256.create();
  private hashed = 0;
  private acknowledged = 0;
  private run = 0;
  private heard: number;
  private wake: (() => void) | undefined;
}
