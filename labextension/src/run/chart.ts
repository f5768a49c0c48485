/** A chart: values are read with the pointer or the arrow keys, and stand in the legend; the best epoch is marked. */

import { checkbox, element } from '../dom';
import { Curves, HEIGHT, type ChartData } from './curves';
import { set, svg } from './svg';

export interface ChartOptions {
  readonly title: string;
  readonly text: (value: number) => string;
  /** Fixed ends of the scale; else they follow the values, which may then be drawn as logarithms. */
  readonly range?: readonly [number, number];
  /** The pointer or a key is at an epoch, by its place, or at none. */
  readonly onPoint: (at: number | null) => void;
}

export class Chart {
  readonly node = element('figure', 'axons-Chart');

  constructor(private readonly options: ChartOptions) {
    const caption = element(
      'figcaption',
      'axons-Chart-head',
      element('span', 'axons-Chart-title', options.title),
      this.where
    );
    if (!options.range) {
      caption.append(
        checkbox('log scale', false, checked => {
          this.log = checked;
          this.draw();
        })
      );
    }
    this.plot.setAttribute('role', 'img');
    this.plot.tabIndex = 0;
    this.spoken.setAttribute('aria-live', 'polite');
    this.plot.append(this.drawing);
    this.node.append(caption, this.legend, this.plot, this.spoken);
    this.listen();
    this.sizes.observe(this.plot);
  }

  show(data: ChartData): void {
    this.data = data;
    this.draw();
  }

  /** Read the values of an epoch, by its place; null for the last one. */
  point(at: number | null): void {
    this.at = at;
    this.drawCursor();
    this.showLegend();
  }

  dispose(): void {
    this.sizes.disconnect();
  }

  private listen(): void {
    const { plot } = this;
    plot.addEventListener('pointermove', event => {
      const box = plot.getBoundingClientRect();
      this.options.onPoint(this.curves.nearest(event.clientX - box.left));
    });
    for (const leaving of ['pointerleave', 'blur']) {
      plot.addEventListener(leaving, () => {
        this.options.onPoint(null);
      });
    }
    plot.addEventListener('keydown', event => {
      const last = this.data.epochs.length - 1;
      const to = placeOfKey(event.key, this.at ?? last, last);
      if (to !== null && last >= 0) {
        event.preventDefault();
        event.stopPropagation();
        this.options.onPoint(to);
        this.spoken.textContent = this.sentence(to);
      }
    });
  }

  private sentence(at: number): string {
    const values = this.data.series.map(
      ({ name, values }) => `${name} ${this.options.text(values[at] ?? NaN)}`
    );
    const best = at === this.data.best ? ', the best one' : '';
    return `epoch ${this.data.epochs[at] ?? ''}${best}: ${values.join(', ')}`;
  }

  private draw(): void {
    const { range } = this.options;
    const width = this.plot.clientWidth || 400;
    set(this.drawing, { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT });
    this.curves = new Curves(this.data, { width, range, log: this.log });
    this.drawing.replaceChildren(...this.curves.draw(), this.cursor);
    this.drawCursor();
    this.showLegend();
    const last = this.data.epochs.length - 1;
    const now =
      last < 0 ? 'No epoch has ended yet.' : `Now ${this.sentence(last)}.`;
    this.plot.setAttribute(
      'aria-label',
      `${this.options.title}, per epoch. ${now} Arrow keys read other epochs.`
    );
  }

  private drawCursor(): void {
    const { at } = this;
    const nodes = at === null ? [] : this.curves.cursor(at);
    this.cursor.replaceChildren(...nodes);
  }

  /** The values where the pointer is, else the last ones. */
  private showLegend(): void {
    const at = this.at ?? this.data.epochs.length - 1;
    const epoch = this.data.epochs[at];
    const entries = this.data.series.map(one => {
      const swatch = element('span', 'axons-Chart-swatch');
      swatch.style.setProperty('--axons-line', one.colour);
      swatch.classList.toggle('axons-mod-dashed', Boolean(one.dashed));
      const value = one.values[at];
      const text = value === undefined ? '' : this.options.text(value);
      return element(
        'span',
        'axons-Chart-entry',
        swatch,
        `${one.name} ${text}`
      );
    });
    this.legend.replaceChildren(...entries);
    this.where.textContent = epoch === undefined ? '' : `epoch ${epoch}`;
  }

  private readonly legend = element('div', 'axons-Chart-legend');
  private readonly where = element('span', 'axons-Chart-epoch');
  private readonly plot = element('div', 'axons-Chart-plot');
  private readonly spoken = element('output', 'axons-mod-spoken');
  private readonly drawing = svg('svg', {
    width: '100%',
    'aria-hidden': 'true'
  });
  private readonly cursor = svg('g');
  private readonly sizes = new ResizeObserver(() => {
    this.draw();
  });
  private data: ChartData = { epochs: [], series: [], best: -1 };
  private curves = new Curves(this.data, { width: 400, log: false });
  private log = false;
  private at: number | null = null;
}

/** Where a key leads to from `at`, or null for a key that is none of ours. */
export function placeOfKey(
  key: string,
  at: number,
  last: number
): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at + 10,
    PageDown: at - 10,
    Home: 0,
    End: last
  };
  const to = moves[key];
  return to === undefined ? null : Math.max(0, Math.min(last, to));
}
