/** What the training takes of its machine: small curves over time, each with its value now. */

import { element } from '../dom';
import { memoryText, numberText } from './format';
import type { Usage } from './messages';
import { pathOf, type Point } from './scales';
import { set, svg } from './svg';

interface Gauge {
  readonly label: string;
  readonly value: (usage: Usage) => number | undefined;
  readonly text: (value: number) => string;
  /** The top of the curve; else the largest value. */
  readonly full?: number;
}

const percent = (value: number) => `${Math.round(value)} %`;
const GAUGES: readonly Gauge[] = [
  {
    label: 'speed',
    value: usage => usage.samples_per_s,
    text: value => `${numberText(value)} samples/s`
  },
  { label: 'CPU', value: usage => usage.cpu, text: percent, full: 100 },
  { label: 'memory', value: usage => usage.memory_mb, text: memoryText },
  { label: 'GPU', value: usage => usage.gpu, text: percent, full: 100 },
  {
    label: 'GPU memory',
    value: usage => usage.gpu_memory_mb,
    text: memoryText
  }
];
const WIDTH = 200;
const HEIGHT = 26;

export class Machine {
  readonly node = element('div', 'axons-Machine');

  show(usage: readonly Usage[]): void {
    const rows = GAUGES.flatMap(gauge => {
      const points = usage.flatMap(one => {
        const value = gauge.value(one);
        return value === undefined ? [] : [[one.time, value] as const];
      });
      return points.length ? [rowOf(gauge, points)] : [];
    });
    this.node.replaceChildren(...rows);
  }
}

function rowOf(gauge: Gauge, points: readonly Point[]): HTMLElement {
  const first = points[0]?.[0] ?? 0;
  const last = points.at(-1) ?? [0, 0];
  const span = last[0] - first || 1;
  const top = gauge.full ?? Math.max(1e-9, ...points.map(([, value]) => value));
  const drawn = points.map(([time, value]): Point => [
    ((time - first) / span) * WIDTH,
    HEIGHT - 2 - (Math.min(value, top) / top) * (HEIGHT - 4)
  ]);
  const curve = svg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true'
  });
  const line = svg('path', { d: pathOf(drawn, WIDTH) });
  const area = svg('path', {
    d: `${pathOf(drawn, WIDTH)}L${drawn.at(-1)?.[0].toFixed(1) ?? 0},${HEIGHT}L0,${HEIGHT}Z`
  });
  set(area, { class: 'axons-Machine-area' });
  set(line, { class: 'axons-Machine-line' });
  curve.append(area, line);
  return element(
    'div',
    'axons-Machine-row',
    element('span', 'axons-Machine-label', gauge.label),
    element('span', '', gauge.text(last[1])),
    element('span', 'axons-Machine-curve', curve)
  );
}
