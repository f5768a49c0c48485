/** What can be chosen for the tool in hand. */

import { checkbox, element, slider } from '../../dom';
import type { Mode } from '../ops';
import type { Settings, ToolName } from '../tools/tool';
import type { Workbench } from '../workbench';
import { Segments } from './controls';

const MODES: readonly (readonly [Mode, string])[] = [
  ['new', 'New'],
  ['add', 'Add'],
  ['subtract', 'Subtract'],
  ['split', 'Split']
];

interface Range {
  readonly setting: 'radius' | 'tolerance' | 'superpixel' | 'minArea';
  readonly text: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit: string;
}

const RADIUS: Range = {
  setting: 'radius',
  text: 'Radius',
  min: 0.5,
  max: 60,
  step: 0.5,
  unit: 'px'
};
const RANGES: Partial<Record<ToolName, readonly Range[]>> = {
  brush: [RADIUS],
  eraser: [RADIUS],
  superpixels: [
    RADIUS,
    {
      setting: 'superpixel',
      text: 'Size',
      min: 8,
      max: 96,
      step: 4,
      unit: 'px'
    }
  ],
  threshold: [
    {
      setting: 'minArea',
      text: 'Least area',
      min: 1,
      max: 500,
      step: 1,
      unit: 'px'
    }
  ],
  wand: [
    {
      setting: 'tolerance',
      text: 'Tolerance',
      min: 0,
      max: 40,
      step: 0.5,
      unit: '%'
    }
  ]
};

type Flag = 'protect' | 'connected' | 'brighter' | 'separate';

const FLAGS: Partial<Record<ToolName, readonly Flag[]>> = {
  brush: ['protect'],
  polygon: ['protect'],
  livewire: ['protect'],
  wand: ['connected', 'protect'],
  superpixels: ['protect'],
  grabcut: ['protect'],
  threshold: ['brighter', 'separate', 'protect']
};
const FLAG_TEXTS: Readonly<Record<Flag, string>> = {
  protect: 'Protect other labels',
  connected: 'Connected only',
  brighter: 'Bright objects',
  separate: 'Part those that touch'
};

const HINTS: Readonly<Record<ToolName, string>> = {
  pick: 'Click to choose, Shift for more. Drag to move; pull corners.',
  lasso: 'Draw around labels to choose them.',
  brush: 'Drag to paint. N begins a new label.',
  eraser: 'Drag to erase: the chosen label, or all where none is chosen.',
  polygon: 'Click corners, or drag freehand. Close it at the first corner.',
  livewire: 'Click along an edge; the line finds its way.',
  box: 'Drag from corner to corner.',
  ellipse: 'Drag along the long axis, then click at the width.',
  point: 'Click to set a point.',
  fill: 'Click into a gap or a label.',
  wand: 'Click on a pixel.',
  superpixels: 'Drag over areas of like pixels.',
  grabcut: 'Drag a box around one object.',
  threshold: 'Drag a box around several objects.',
  knife: 'Draw a line across a label.'
};

export class Options {
  readonly node = element('div', 'axons-Annotate-options');

  constructor(private readonly bench: Workbench) {
    this.modes = new Segments('What a gesture does', MODES, mode => {
      bench.setMode(mode);
    });
    this.node.append(this.modes.node, this.rest, this.hint);
    this.show();
  }

  show(): void {
    const { bench } = this;
    const { name } = bench.tool;
    this.modes.node.hidden = !bench.hasModes;
    this.modes.show(bench.mode);
    if (this.shown !== name) {
      this.shown = name;
      this.hint.textContent = HINTS[name];
      this.rest.replaceChildren(
        ...(RANGES[name] ?? []).map(range => this.range(range)),
        ...(FLAGS[name] ?? []).map(flag => this.flag(flag))
      );
    }
    this.updates.forEach(update => {
      update(bench.settings);
    });
  }

  private range(range: Range): HTMLElement {
    const { setting, text, unit, min, max, step } = range;
    const output = element('output', '');
    const input = slider({
      label: text,
      min,
      max,
      step,
      value: this.bench.settings[setting],
      onInput: value => {
        this.bench.set({ [setting]: value });
        this.bench.tool.begin?.();
      }
    });
    this.updates.set(setting, settings => {
      input.value = String(settings[setting]);
      output.textContent = `${settings[setting]} ${unit}`;
    });
    const label = element('span', '', text);
    return element('label', 'axons-Annotate-range', label, input, output);
  }

  private flag(flag: Flag): HTMLElement {
    const { bench } = this;
    const made = checkbox(FLAG_TEXTS[flag], bench.settings[flag], checked => {
      bench.set({ [flag]: checked });
    });
    const box = made.querySelector('input');
    this.updates.set(flag, settings => {
      if (box) {
        box.checked = settings[flag];
      }
    });
    return made;
  }

  private shown: ToolName | null = null;
  private readonly modes: Segments<Mode>;
  private readonly rest = element('div', 'axons-Annotate-settings');
  private readonly hint = element('span', 'axons-Annotate-hint');
  private readonly updates = new Map<string, (settings: Settings) => void>();
}
