/** Pictures of examples, each asked for once. */

import type { Kind } from './messages';

export type AskForPicture = (id: number, kind: Kind, tile: number) => void;

export class Pictures {
  constructor(private readonly ask: AskForPicture) {}

  /** The address of a picture, as soon as it has come; rejected when there is none. */
  get(kind: Kind, tile: number): Promise<string> {
    const key = `${kind}/${tile}`;
    const known = this.known.get(key);
    if (known) {
      return known;
    }
    const id = ++this.last;
    const coming = new Promise<string>((resolve, reject) => {
      this.waiting.set(id, {
        resolve,
        reject: message => {
          this.known.delete(key); // it may be there when it is wanted again
          reject(new Error(message));
        }
      });
    });
    this.known.set(key, coming);
    this.ask(id, kind, tile);
    return coming;
  }

  receive(id: number, data: DataView | undefined): void {
    const blob = new Blob(data ? [data as unknown as BlobPart] : [], {
      type: 'image/png'
    });
    const url = URL.createObjectURL(blob);
    this.urls.push(url);
    this.waiting.get(id)?.resolve(url);
    this.waiting.delete(id);
  }

  fail(id: number, message: string): void {
    this.waiting.get(id)?.reject(message);
    this.waiting.delete(id);
  }

  /** Answers that have not come are not to be expected any more: a kernel has ended. */
  forgetWaiting(): void {
    for (const id of [...this.waiting.keys()]) {
      this.fail(id, 'The kernel has ended.');
    }
  }

  dispose(): void {
    this.urls.forEach(url => {
      URL.revokeObjectURL(url);
    });
  }

  private readonly known = new Map<string, Promise<string>>();
  private readonly waiting = new Map<
    number,
    {
      readonly resolve: (url: string) => void;
      readonly reject: (message: string) => void;
    }
  >();
  private readonly urls: string[] = [];
  private last = 0;
}
