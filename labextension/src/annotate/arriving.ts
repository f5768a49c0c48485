/** A state of the kernel arrives: what a view has of it, and what is told of it. */

import { stateOf, type State } from './answers';
import type { Numbers } from './blocks';
import type { Event, Unpacked } from './conversation';
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

export function eventsOf({ answer, arrays }: Unpacked): readonly Event[] {
  const { tile, show: label } = stateOf(answer);
  return [
    { type: 'tile', pixels: arrays.has('pixels') },
    { type: 'status' },
    { type: 'show', tile, label }
  ];
}

/** Does something once for however many times that it is asked for meanwhile. */
export function once(
  work: () => Promise<unknown>,
  failed: (reason: unknown) => void
): () => void {
  let working = false;
  return () => {
    if (!working) {
      working = true;
      void work()
        .catch(failed)
        .finally(() => {
          working = false;
        });
    }
  };
}
