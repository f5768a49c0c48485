/** Curves over epochs on a ground with ticks, as SVG elements; pure drawing, of one size and one state. */

import { linear, logarithmic, pathOf, type Point, type Scale } from './scales';
import { svg } from './svg';

export interface Series {
  readonly name: string;
  /** A CSS colour; the theme darkens or lightens it. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly values: readonly number[];
}

export interface ChartData {
  readonly epochs: readonly number[];
  readonly series: readonly Series[];
  /** The place of the best epoch, -1 for none. */
  readonly best: number;
}

export interface Frame {
  readonly width: number;
  /** Fixed ends of the scale; else they follow the values. */
  readonly range?: readonly [number, number] | undefined;
  readonly log: boolean;
}

export const HEIGHT = 190;
const MARGIN = { left: 46, right: 12, top: 14, bottom: 22 };
const BOTTOM = HEIGHT - MARGIN.bottom;

export class Curves {
  constructor(
    private readonly data: ChartData,
    private readonly frame: Frame
  ) {
    const { epochs } = data;
    const [first, last] = [epochs[0] ?? 1, epochs.at(-1) ?? 1];
    this.inner = frame.width - MARGIN.left - MARGIN.right;
    const end = Math.max(last, first + 1);
    this.across = linear(first, end, this.inner / 70, true);
    this.up = upwards(data, frame);
  }

  /** The place of the epoch nearest to a pixel from the left; null when there is none. */
  nearest(pixel: number): number | null {
    const away = this.data.epochs.map(epoch => Math.abs(this.x(epoch) - pixel));
    return away.length ? away.indexOf(Math.min(...away)) : null;
  }

  draw(): SVGElement[] {
    return [...this.grid(), ...this.bestMark(), ...this.lines()];
  }

  /** A line with the points at the epoch of that place. */
  cursor(at: number): SVGElement[] {
    const x = this.x(this.data.epochs[at] ?? NaN);
    if (!Number.isFinite(x)) {
      return [];
    }
    const line = svg('line', { x1: x, x2: x, y1: MARGIN.top, y2: BOTTOM });
    const dots = this.data.series.flatMap(one => {
      const value = one.values[at] ?? NaN;
      return Number.isFinite(value) ? [dot([x, this.y(value)], one)] : [];
    });
    return [...classed('axons-Chart-cursor', line), ...dots];
  }

  private lines(): SVGElement[] {
    return this.data.series.map(one => {
      const points = one.values.map((value, i): Point => {
        return [this.x(this.data.epochs[i] ?? 0), this.y(value)];
      });
      const [only] = points;
      if (only && points.length === 1) {
        return dot(only, one);
      }
      const line = svg('path', { d: pathOf(points, this.frame.width) });
      line.classList.add('axons-Chart-line');
      return coloured(line, one);
    });
  }

  private grid(): SVGElement[] {
    const [x1, x2] = [MARGIN.left, this.frame.width - MARGIN.right];
    const levels = this.up.ticks.flatMap(({ value, text }) => {
      const y = this.y(value);
      const place = { x: x1 - 6, y: y + 4, 'text-anchor': 'end' };
      return [svg('line', { x1, x2, y1: y, y2: y }), svg('text', place, text)];
    });
    const epochs = this.across.ticks.map(({ value, text }) => {
      const place = { x: this.x(value), y: HEIGHT - 6 };
      return svg('text', { ...place, 'text-anchor': 'middle' }, text);
    });
    const place = { x: x1 - 8, y: HEIGHT - 6, 'text-anchor': 'end' };
    const unit = svg('text', place, 'epoch');
    return classed('axons-Chart-grid', ...levels, ...epochs, unit);
  }

  private bestMark(): SVGElement[] {
    const epoch = this.data.epochs[this.data.best];
    if (epoch === undefined) {
      return [];
    }
    const x = this.x(epoch);
    const late = x > MARGIN.left + this.inner / 2;
    const place = { x: late ? x - 4 : x + 4, y: MARGIN.top - 3 };
    const anchor = { 'text-anchor': late ? 'end' : 'start' };
    return classed(
      'axons-Chart-best',
      svg('line', { x1: x, x2: x, y1: 4, y2: BOTTOM }),
      svg('text', { ...place, ...anchor }, `★ best: epoch ${epoch}`)
    );
  }

  private x(epoch: number): number {
    return MARGIN.left + this.across.at(epoch) * this.inner;
  }

  private y(value: number): number {
    return MARGIN.top + (1 - this.up.at(value)) * (BOTTOM - MARGIN.top);
  }

  private readonly inner: number;
  private readonly across: Scale;
  private readonly up: Scale;
}

function upwards({ series }: ChartData, { range, log }: Frame): Scale {
  if (range) {
    return linear(...range, 5);
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of series.flatMap(({ values }) => values)) {
    if (Number.isFinite(value) && (value > 0 || !log)) {
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  const empty = low > high;
  if (log) {
    return logarithmic(empty ? 0.1 : low * 0.9, empty ? 1 : high * 1.1);
  }
  return linear(Math.min(0, empty ? 0 : low), empty ? 1 : high * 1.05, 5);
}

function dot([cx, cy]: Point, series: Series): SVGElement {
  const made = svg('circle', { cx, cy, r: 3.5 });
  made.classList.add('axons-Chart-dot');
  return coloured(made, series);
}

function coloured<T extends SVGElement>(node: T, series: Series): T {
  node.style.setProperty('--axons-line', series.colour);
  node.classList.toggle('axons-mod-dashed', Boolean(series.dashed));
  return node;
}

function classed(name: string, ...nodes: SVGElement[]): SVGElement[] {
  for (const node of nodes) {
    node.classList.add(name);
  }
  return nodes;
}
