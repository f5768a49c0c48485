/** A state of the kernel arrives: what a view has of it, and what is told of it. */

import { stateOf, type State } from './answers';
import type { Numbers } from './blocks';
import type { Event, Unpacked } from './conversation';
import { reasonOf } from './requests';
import { Tile } from './tile';

export interface Opened {
  readonly state: State | null;
  readonly tile: Tile | null;
  readonly pixels: Numbers | null;
}

/** Pixels that do not come again are those of `before`, where that is the same tile. */
export function opened({ answer, arrays }: Unpacked, before: Opened) {
  const state = stateOf(answer);
  const moved = state.tile !== before.state?.tile || !before.tile;
  return {
    state,
    tile: new Tile(state, Uint32Array.from(arrays.get('ids') ?? [])),
    pixels: arrays.get('pixels') ?? (moved ? null : before.pixels)
  };
}

/** The tile whose pixels need not come again. */
export function pixelsOf({ state, pixels }: Opened): number | null {
  return state && pixels ? state.tile : null;
}

export function eventsOf({ answer, arrays }: Unpacked): readonly Event[] {
  const { tile, show: label, predicting: now = null } = stateOf(answer);
  return [
    { type: 'tile', pixels: arrays.has('pixels') },
    { type: 'status' },
    { type: 'predicting', now },
    { type: 'show', tile, label }
  ];
}

/** Does something once for however many times that it is asked for meanwhile; `say` hears why it failed. */
export function once(
  work: () => Promise<unknown>,
  say: (text: string) => void
): () => void {
  let working = false;
  return () => {
    if (!working) {
      working = true;
      void work()
        .catch((reason: unknown) => {
          say(reasonOf(reason));
        })
        .finally(() => {
          working = false;
        });
    }
  };
}
