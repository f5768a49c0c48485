/** Questions to the kernel, by number; each is answered once or fails. */

import type { RequestBody } from './ops';

/** What to tell the user of something that failed. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Waiting<T> {
  readonly resolve: (answer: T) => void;
  readonly reject: (reason: Error) => void;
}

export class Requests<T> {
  constructor(
    private readonly send: (message: RequestBody & { request: number }) => void
  ) {}

  ask(body: RequestBody): Promise<T> {
    const request = ++this.last;
    const answer = new Promise<T>((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
    });
    this.send({ ...body, request });
    return answer;
  }

  /** An answer that nobody has asked for has the number null. */
  answered(request: number | null, answer: T): void {
    this.take(request)?.resolve(answer);
  }

  failed(request: number, error: string): void {
    this.take(request)?.reject(new Error(error));
  }

  /** The kernel that was asked is gone. */
  abandon(error: string): void {
    for (const request of [...this.waiting.keys()]) {
      this.failed(request, error);
    }
  }

  private take(request: number | null): Waiting<T> | undefined {
    const found = this.waiting.get(request ?? 0);
    this.waiting.delete(request ?? 0);
    return found;
  }

  private last = 0;
  private readonly waiting = new Map<number, Waiting<T>>();
}
