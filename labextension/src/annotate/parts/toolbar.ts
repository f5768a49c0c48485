/** The bar of tools, and what is done to the chosen labels. */

import { element } from '../../dom';
import { TOOL_KEYS } from '../keys';
import type { IconName } from '../icons';
import type { ToolName } from '../tools/tool';
import type { Actions } from '../actions';
import type { Workbench } from '../workbench';
import { iconButton, press, rove } from './controls';

export const TOOL_TITLES: Readonly<Record<ToolName, string>> = {
  pick: 'Pick: choose, move and reshape labels',
  lasso: 'Lasso: choose labels inside a line',
  brush: 'Brush',
  eraser: 'Eraser',
  polygon: 'Polygon: click corners, or draw freehand',
  livewire: 'Live-wire: a line that follows edges',
  box: 'Box',
  ellipse: 'Ellipse: drag the long axis, then click the width',
  point: 'Point',
  fill: 'Fill a gap',
  wand: 'Magic wand: pixels like this one',
  superpixels: 'Superpixels: paint areas of like pixels',
  grabcut: 'GrabCut: find the object in a box',
  threshold: 'Threshold: bright or dark objects in a box',
  knife: 'Knife: cut a label along a line'
};

const GROUPS: readonly (readonly ToolName[])[] = [
  ['pick', 'lasso'],
  ['brush', 'eraser', 'polygon', 'livewire'],
  ['box', 'ellipse', 'point'],
  ['fill', 'wand', 'superpixels', 'grabcut', 'threshold'],
  ['knife']
];

const LABEL_BUTTONS: readonly (readonly [
  IconName,
  string,
  (actions: Actions) => void
])[] = [
  [
    'undo',
    'Undo (Ctrl+Z)',
    actions => {
      actions.undo();
    }
  ],
  [
    'redo',
    'Redo (Ctrl+Y)',
    actions => {
      actions.redo();
    }
  ],
  [
    'delete',
    'Delete the chosen labels (Del)',
    actions => {
      actions.remove();
    }
  ],
  [
    'merge',
    'Merge the chosen labels (M)',
    actions => {
      actions.merge();
    }
  ],
  [
    'group',
    'Group the chosen labels (Ctrl+G)',
    actions => {
      actions.group();
    }
  ],
  [
    'ungroup',
    'Dissolve the chosen group (Ctrl+Shift+G)',
    actions => {
      actions.ungroup();
    }
  ],
  [
    'separate',
    'Part the chosen label at its waist (watershed)',
    actions => {
      actions.separate();
    }
  ],
  [
    'copy on',
    'Copy the chosen labels to the next tile',
    actions => {
      void actions.copyOn();
    }
  ]
];

export interface ViewActions {
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  readonly feedback: () => void;
  readonly panel: () => void;
  readonly help: () => void;
}

export class Toolbar {
  readonly node = element('div', 'axons-Annotate-bar');

  constructor(
    private readonly bench: Workbench,
    private readonly actions: Actions,
    view: ViewActions
  ) {
    this.node.setAttribute('role', 'toolbar');
    this.node.setAttribute('aria-label', 'Tools');
    for (const group of GROUPS) {
      this.node.append(this.group(group.map(name => this.toolButton(name))));
    }
    this.node.append(this.group(this.labelButtons()));
    const end = this.group(this.viewButtons(view));
    end.classList.add('axons-mod-end');
    this.node.append(end);
    rove(this.node);
    this.show();
  }

  show(): void {
    const { bench } = this;
    for (const [name, made] of this.tools) {
      press(made, bench.tool.name === name);
    }
    const { undo = 0, redo = 0 } = bench.annotator.state ?? {};
    const waiting = bench.annotator.unsaved > 0;
    const count = bench.selection.size;
    this.enable('undo', undo > 0 || waiting);
    this.enable('redo', redo > 0 || waiting);
    this.enable('delete', count > 0);
    this.enable('merge', count > 1);
    this.enable('group', count > 1);
    const groups = bench.chosen.filter(({ kind }) => kind === 'group');
    this.enable('ungroup', groups.length > 0);
    this.enable('separate', count === 1);
    this.enable('copy on', count > 0);
  }

  showPanel(open: boolean): void {
    this.others.get('panel')?.setAttribute('aria-expanded', String(open));
  }

  /** The button is there while there is something to hide. */
  showFeedback(there: boolean, shown: boolean): void {
    const made = this.others.get('feedback');
    if (made) {
      made.hidden = !there;
      press(made, shown);
    }
  }

  private toolButton(name: ToolName): HTMLButtonElement {
    const key = Object.entries(TOOL_KEYS).find(([, tool]) => tool === name);
    const title = `${TOOL_TITLES[name]} (${(key?.[0] ?? '').toUpperCase()})`;
    const made = iconButton(name, title, () => {
      this.bench.choose(name);
      this.bench.stage.canvas.focus({ preventScroll: true });
    });
    made.dataset['tool'] = name;
    this.tools.set(name, made);
    return made;
  }

  private labelButtons(): HTMLElement[] {
    return LABEL_BUTTONS.map(([name, title, run]) =>
      this.other(name, title, () => {
        run(this.actions);
      })
    );
  }

  private viewButtons(actions: ViewActions): HTMLElement[] {
    return [
      this.other('zoom out', 'Zoom out (−)', () => {
        actions.zoom(1 / 1.4);
      }),
      this.other('zoom in', 'Zoom in (+)', () => {
        actions.zoom(1.4);
      }),
      this.other('fit', 'The whole tile (Home)', actions.fit),
      this.other('feedback', 'Show or hide the feedback (Q)', actions.feedback),
      this.other('panel', 'Classes, attributes and look', actions.panel),
      this.other('help', 'Keys and hints (?)', actions.help)
    ];
  }

  private other(
    name: IconName,
    title: string,
    onClick: () => void
  ): HTMLButtonElement {
    const made = iconButton(name, title, onClick);
    made.dataset['action'] = name;
    this.others.set(name, made);
    return made;
  }

  private group(buttons: readonly HTMLElement[]): HTMLElement {
    return element('div', 'axons-Annotate-group', ...buttons);
  }

  /** A button keeps the focus when it cannot be pressed for a moment. */
  private enable(name: IconName, enabled: boolean): void {
    const made = this.others.get(name);
    if (made) {
      made.disabled = !enabled;
    }
  }

  private readonly tools = new Map<ToolName, HTMLButtonElement>();
  private readonly others = new Map<IconName, HTMLButtonElement>();
}
