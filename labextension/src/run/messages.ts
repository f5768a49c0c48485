/** The messages between the live view and the kernel. tests/data/run/messages.json holds one of each. */

export type Request = 'stop' | 'pause' | 'stop_after_epoch';
export type Kind = 'image' | 'reference' | number;

/** One line of metrics.jsonl; an epoch that has ended. Times are in seconds, `progress` goes from 0 to 1. */
export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
  readonly validation_loss: number;
  readonly validation_dice: readonly number[];
  readonly seconds: number;
  readonly progress: number;
}

/** One line of resources.jsonl; `cpu` and `gpu` are in %, 100 when all of it is busy. */
export interface Usage {
  readonly time: number;
  readonly epoch?: number;
  readonly step?: number;
  readonly steps?: number;
  readonly samples_per_s?: number;
  readonly cpu: number;
  readonly memory_mb: number;
  readonly gpu?: number;
  readonly gpu_memory_mb?: number;
}

/** What the training says to its person. */
export interface Note {
  readonly time: number;
  readonly text: string;
}

/** The lines of a file from `start` on; another `writing` when it was written anew. */
export interface Lines<T> {
  readonly writing: string;
  readonly start: number;
  readonly lines: readonly T[];
}

export interface News {
  readonly op: 'news';
  readonly state: string;
  readonly asked: 'go' | Request;
  readonly message: string;
  readonly advice: string;
  readonly left_s: number | null;
  readonly now: number;
  readonly metrics: Lines<Epoch>;
  readonly resources: Lines<Usage>;
  readonly messages: Lines<Note>;
  readonly examples: {
    readonly epochs: readonly number[];
    readonly tiles: number;
  };
}

/** The picture is the message's only buffer, a PNG. */
export interface PictureAnswer {
  readonly op: 'picture';
  readonly id: number;
}

/** A request has been left for the training, or taken back. */
export interface NotedAnswer {
  readonly op: 'noted';
}

export interface FailedAnswer {
  readonly op: 'failed';
  readonly id: number | null;
  readonly message: string;
}

export type FromKernel = News | PictureAnswer | NotedAnswer | FailedAnswer;

export type Known = Readonly<
  Record<'metrics' | 'resources' | 'messages', readonly [string, number]>
>;

export type ToKernel =
  | { readonly op: 'news'; readonly known: Known }
  | {
      readonly op: 'picture';
      readonly id: number;
      readonly kind: Kind;
      readonly tile: number;
    }
  | { readonly op: 'ask' | 'withdraw'; readonly request: Request };

export function fromKernel(content: unknown): FromKernel | null {
  const { op } = (content ?? {}) as { op?: unknown };
  const known = ['news', 'picture', 'noted', 'failed'].includes(op as string);
  return known ? (content as FromKernel) : null;
}
