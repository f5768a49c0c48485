/** The messages between the view and the kernel. tests/data/viewer/messages.json holds one of each. */

import type { Look } from './scene';

/** A tile of a layer: `image` or the id of an overlay; x and y count tiles from the top left. */
export interface TileRequest {
  readonly layer: string;
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly look?: Look;
  readonly outline?: boolean;
}

export type ToKernel =
  | {
      readonly op: 'tiles';
      readonly tiles: readonly (TileRequest & { readonly id: number })[];
    }
  | {
      readonly op: 'value';
      readonly id: number;
      readonly x: number;
      readonly y: number;
    };

/** The picture of a tile is the message's only buffer. */
export interface TileAnswer {
  readonly op: 'tile';
  readonly id: number;
  readonly type: string;
}

export interface FailedAnswer {
  readonly op: 'failed';
  readonly id: number;
  readonly message: string;
}

/** `values` per channel; `labels` are the classes that the overlays have at this pixel. */
export interface ValueAnswer {
  readonly op: 'value';
  readonly id: number;
  readonly values: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

export type FromKernel = TileAnswer | FailedAnswer | ValueAnswer;

export function fromKernel(content: unknown): FromKernel | null {
  const message = content as { op?: unknown; id?: unknown } | null;
  if (
    typeof message?.id !== 'number' ||
    !['tile', 'failed', 'value'].includes(message.op as string)
  ) {
    return null;
  }
  return message as FromKernel;
}
