/** Tasks and finished tiles, ticked before the kernel has answered; and what its answer says of them. */

import type { Ack, State } from './answers';
import type { OpBody } from './ops';

export function ticked(state: State, body: OpBody): State {
  if (body.op === 'task') {
    const completed_tasks = having(state.completed_tasks, body.name, body.done);
    return { ...state, completed_tasks };
  }
  if (body.op === 'tile_done') {
    const finished_tiles = having(state.finished_tiles, state.tile, body.done);
    return { ...state, finished_tiles };
  }
  return state;
}

export function counted(state: State, ack: Ack): State {
  const { undo, redo, completed_tasks, finished_tiles } = ack;
  return { ...state, undo, redo, completed_tasks, finished_tiles };
}

function having<T>(all: readonly T[], one: T, wanted: boolean): readonly T[] {
  const others = all.filter(other => other !== one);
  return wanted ? [...others, one] : others;
}
