/** Takes the kernel's messages one after another, as their arrays are unpacked in their own time. */

import type { Answer } from './answers';
import { unpackAll } from './blocks';
import type { Unpacked } from './conversation';
import { reasonOf } from './requests';

export class Inbox {
  constructor(
    private readonly take: (message: Unpacked) => void,
    private readonly say: (text: string) => void
  ) {}

  /** Never fails: what is wrong is said. */
  receive(answer: Answer, buffers: readonly DataView[]): Promise<void> {
    this.work = this.work
      .then(async () => {
        this.take({ answer, arrays: await unpackAll(answer, buffers) });
      })
      .catch((error: unknown) => {
        console.error(
          'Axons: an answer of the kernel was not understood',
          error
        );
        this.say(`The kernel's answer was not understood: ${reasonOf(error)}`);
      });
    return this.work;
  }

  private work: Promise<void> = Promise.resolve();
}
