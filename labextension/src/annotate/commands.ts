/** Does what a key says. */

import type { Actions } from './actions';
import type { Cursor } from './cursor';
import type { Command } from './keys';
import type { Mode } from './ops';
import type { Workbench } from './workbench';

const MODES: readonly Mode[] = ['new', 'add', 'subtract', 'split'];
/** One press of [ or ]. */
const RADIUS_STEP = 1.15;

export interface ViewCommands {
  readonly help: () => void;
  readonly visibility: () => void;
  readonly feedback: () => void;
  readonly save: () => void;
}

export function run(
  command: Command,
  bench: Workbench,
  actions: Actions,
  cursor: Cursor,
  view: ViewCommands
): void {
  switch (command.do) {
    case 'tool':
      bench.choose(command.tool);
      break;
    case 'class':
      chooseClass(bench, command.number);
      break;
    case 'step':
      step(bench, command.by);
      break;
    case 'zoom':
      bench.stage.look(bench.viewport.zoom(command.factor));
      break;
    case 'tile':
      void actions.step(command.by);
      break;
    case 'cursor':
      cursor.move(command.x, command.y);
      break;
    default:
      SIMPLE[command.do]({ bench, actions, cursor, view });
  }
}

interface Everything {
  readonly bench: Workbench;
  readonly actions: Actions;
  readonly cursor: Cursor;
  readonly view: ViewCommands;
}

type Simple = Exclude<
  Command,
  { readonly do: 'tool' | 'class' | 'step' | 'zoom' | 'tile' | 'cursor' }
>['do'];

const SIMPLE: Readonly<Record<Simple, (all: Everything) => void>> = {
  undo: ({ actions }) => {
    actions.undo();
  },
  redo: ({ actions }) => {
    actions.redo();
  },
  copy: ({ actions }) => {
    actions.copying.copy();
  },
  paste: ({ actions }) => {
    actions.copying.paste();
  },
  all: ({ actions }) => {
    actions.all();
  },
  delete: ({ actions }) => {
    actions.remove();
  },
  back: ({ actions }) => {
    actions.back();
  },
  merge: ({ actions }) => {
    actions.merge();
  },
  group: ({ actions }) => {
    actions.group();
  },
  ungroup: ({ actions }) => {
    actions.ungroup();
  },
  'next unfinished': ({ actions }) => {
    void actions.nextUnfinished();
  },
  save: ({ view }) => {
    view.save();
  },
  help: ({ view }) => {
    view.help();
  },
  visibility: ({ view }) => {
    view.visibility();
  },
  feedback: ({ view }) => {
    view.feedback();
  },
  press: ({ bench, cursor }) => {
    // After clicks with a mouse, Enter ends what they have begun.
    if (!cursor.at && bench.tool.unfinished) {
      bench.tool.finish?.();
    } else {
      cursor.press();
    }
  },
  fit: ({ bench }) => {
    bench.stage.fit();
  },
  new: ({ bench }) => {
    bench.select([]);
    bench.say('The next gesture begins a new label.');
  },
  mode: ({ bench }) => {
    if (bench.hasModes) {
      const at = MODES.indexOf(bench.mode);
      bench.setMode(MODES[(at + 1) % MODES.length] ?? 'new');
    }
  },
  finish: ({ bench }) => {
    bench.tool.finish?.();
  },
  cancel: ({ bench }) => {
    if (!bench.tool.cancel?.()) {
      bench.select([]);
    }
  }
};

function chooseClass(bench: Workbench, number: number): void {
  const { classes = [] } = bench.annotator.state ?? {};
  const item = classes[number - 1];
  if (number === 0 || item) {
    bench.chooseClass(item?.name ?? null);
    bench.say(`Class: ${item?.human_name ?? 'none'}.`);
  }
}

function step(bench: Workbench, by: 1 | -1): void {
  if (bench.tool.step) {
    bench.tool.step(by);
  } else {
    bench.setRadius(bench.settings.radius * RADIUS_STEP ** by + by * 0.3);
  }
}
