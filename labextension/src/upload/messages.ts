/** The messages between upload and kernel (one of each is in tests/data/upload/messages.json), and the shared state. */

export type FileState =
  'receiving' | 'importing' | 'asking' | 'done' | 'failed';

/** One file in the list. */
export interface FileRow {
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly state: FileState;
  readonly received: number;
  readonly message: string;
  readonly image: string;
}

export type FileRows = Readonly<Record<string, FileRow>>;

export interface Limits {
  readonly largest: number;
  readonly chunk: number;
  readonly in_flight: number;
  readonly free: number;
}

export type ToKernel = { readonly id: string } & (
  | {
      readonly op: 'offer';
      readonly name: string;
      readonly size: number;
      readonly modified: number;
    }
  | { readonly op: 'chunk'; readonly offset: number }
  | { readonly op: 'finish'; readonly sha256: string }
  | {
      readonly op: 'import';
      readonly name: string;
      readonly pixel_size_um: number | null;
    }
  | { readonly op: 'remove' }
);

export type FromKernel = { readonly id: string } & (
  | { readonly op: 'accept'; readonly offset: number }
  | { readonly op: 'ack'; readonly received: number }
  | { readonly op: 'stop' }
);

export function fromKernel(content: unknown): FromKernel | null {
  const message = content as { op?: unknown; id?: unknown } | null;
  const known =
    typeof message?.id === 'string' &&
    ['accept', 'ack', 'stop'].includes(message.op as string);
  return known ? (message as FromKernel) : null;
}
