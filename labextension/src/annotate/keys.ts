/** What the keys do in the annotation view. */

import type { ToolName } from './tools/tool';

export type Command =
  | { readonly do: 'tool'; readonly tool: ToolName }
  | { readonly do: 'class'; readonly number: number }
  | { readonly do: 'step'; readonly by: 1 | -1 }
  | { readonly do: 'zoom'; readonly factor: number }
  | { readonly do: 'tile'; readonly by: 1 | -1 }
  | { readonly do: 'cursor'; readonly x: number; readonly y: number }
  | { readonly do: Simple };

type Simple =
  | 'undo'
  | 'redo'
  | 'copy'
  | 'paste'
  | 'save'
  | 'all'
  | 'delete'
  | 'back'
  | 'cancel'
  | 'finish'
  | 'press'
  | 'new'
  | 'merge'
  | 'group'
  | 'ungroup'
  | 'mode'
  | 'visibility'
  | 'feedback'
  | 'fit'
  | 'help'
  | 'next unfinished';

export interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Tools by their keys. */
export const TOOL_KEYS: Readonly<Record<string, ToolName>> = {
  v: 'pick',
  l: 'lasso',
  b: 'brush',
  e: 'eraser',
  p: 'polygon',
  x: 'livewire',
  r: 'box',
  o: 'ellipse',
  i: 'point',
  f: 'fill',
  w: 'wand',
  s: 'superpixels',
  g: 'grabcut',
  t: 'threshold',
  k: 'knife'
};

const ZOOM = 1.4;
const SMALL = 1;
const LARGE = 12;

const WITH_CTRL: Readonly<Record<string, Simple>> = {
  z: 'undo',
  y: 'redo',
  c: 'copy',
  v: 'paste',
  s: 'save',
  a: 'all',
  g: 'group'
};

const WITH_CTRL_SHIFT: Readonly<Record<string, Simple>> = {
  z: 'redo',
  g: 'ungroup'
};

const PLAIN: Readonly<Record<string, Command>> = {
  '[': { do: 'step', by: -1 },
  ']': { do: 'step', by: 1 },
  '+': { do: 'zoom', factor: ZOOM },
  '=': { do: 'zoom', factor: ZOOM },
  '-': { do: 'zoom', factor: 1 / ZOOM },
  PageUp: { do: 'tile', by: -1 },
  PageDown: { do: 'tile', by: 1 },
  Home: { do: 'fit' },
  Delete: { do: 'delete' },
  Backspace: { do: 'back' },
  Escape: { do: 'cancel' },
  Enter: { do: 'press' },
  n: { do: 'new' },
  m: { do: 'merge' },
  u: { do: 'next unfinished' },
  '/': { do: 'mode' },
  ';': { do: 'visibility' },
  q: { do: 'feedback' },
  '?': { do: 'help' }
};

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};

/** Null for keys that are not the view's, so that the browser has them. */
export function commandOfKey(event: Key): Command | null {
  const { key } = event;
  const low = key.toLowerCase();
  if (event.altKey) {
    return null;
  }
  if (event.ctrlKey || event.metaKey) {
    const simple =
      (event.shiftKey ? WITH_CTRL_SHIFT[low] : null) ?? WITH_CTRL[low];
    if (key === 'Enter') {
      return { do: 'finish' };
    }
    return simple ? { do: simple } : null;
  }
  const arrow = ARROWS[key];
  if (arrow) {
    const far = event.shiftKey ? LARGE : SMALL;
    return { do: 'cursor', x: arrow[0] * far, y: arrow[1] * far };
  }
  if (key === 'Enter' && event.shiftKey) {
    return { do: 'finish' };
  }
  if (/^[0-9]$/.test(key)) {
    return { do: 'class', number: Number(key) };
  }
  const tool = TOOL_KEYS[low];
  return tool ? { do: 'tool', tool } : (PLAIN[key] ?? PLAIN[low] ?? null);
}

/** Rows of the help: keys, and what they do. */
export const HELP: readonly (readonly [
  string,
  readonly (readonly [string, string])[]
])[] = [
  [
    'Draw',
    [
      ['1 – 9, 0', 'class for what is drawn next; 0: no class'],
      ['N', 'start a new label'],
      ['/', 'new, add, subtract or split'],
      ['[   ]', 'smaller or larger brush; with Pick: next label underneath'],
      ['Enter, double click', 'close a polygon; so does a click at its start'],
      ['Backspace', 'take back the last corner'],
      ['Esc', 'drop the gesture, then the selection']
    ]
  ],
  [
    'Labels',
    [
      ['Click, Shift + click', 'choose, choose several (Pick)'],
      ['Drag', 'move; pull a corner; pull a side for a new corner'],
      ['Alt + click a corner', 'delete the corner'],
      ['Delete', 'delete the chosen labels'],
      ['M', 'merge the chosen labels'],
      ['Ctrl + G', 'group the chosen labels; with Shift: dissolve a group'],
      ['Ctrl + C, Ctrl + V', 'copy, paste at the pointer'],
      ['Ctrl + A', 'choose all labels of the tile'],
      ['Ctrl + Z, Ctrl + Y', 'undo, redo']
    ]
  ],
  [
    'View',
    [
      ['Wheel, + and −', 'zoom; Ctrl + wheel also without focus'],
      ['Space + drag', 'move the picture; two fingers do too'],
      ['Shift + wheel', 'size of the brush'],
      ['Home', 'the whole tile'],
      [';', 'labels full, faint or hidden'],
      ['Q', 'hide the feedback, show it again'],
      ['Page Up, Page Down', 'tile before, tile after'],
      ['U', 'next unfinished tile']
    ]
  ],
  [
    'Without a mouse',
    [
      ['Arrow keys', 'move the pointer; with Shift in larger steps'],
      ['Enter', 'press the button, and let it go'],
      ['Shift + Enter', 'close a polygon; so does Enter at its last corner'],
      ['Tab', 'leave the picture'],
      ['Ctrl + S', 'save now']
    ]
  ]
];
