/** The label classes, in their groups: choose one, see how many labels it has, hide it. */

import { element } from '../../dom';
import type { ClassInfo, Row } from '../answers';
import { icon } from '../icons';
import { colourOf, cssOf, UNCLASSIFIED } from '../stage/palette';
import type { Workbench } from '../workbench';
import { press } from './controls';

export class Classes {
  readonly node = element('section', 'axons-Panel-section');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('aria-label', 'Classes');
  }

  /** Everything anew: classes or colours have changed. */
  build(): void {
    const { classes = [] } = this.bench.annotator.state ?? {};
    this.rows.clear();
    const groups = new Map<string, ClassInfo[]>();
    for (const item of classes) {
      groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
    }
    const parts = [...groups].flatMap(([group, items]) => [
      ...(groups.size > 1 ? [element('h4', '', group)] : []),
      this.list(items, classes)
    ]);
    this.node.replaceChildren(
      element('h3', '', 'Classes'),
      ...parts,
      element('ul', 'axons-Annotate-classes', this.row(null, 0))
    );
    this.show();
  }

  show(): void {
    const { bench } = this;
    const counts = countsOf(bench.annotator.tile?.rows.values() ?? []);
    for (const [name, { choose, hide, count }] of this.rows) {
      press(choose, bench.settings.labelClass === name);
      const hidden = bench.picture.labelLook.hidden.has(name);
      press(hide, hidden);
      hide.replaceChildren(icon(hidden ? 'hidden' : 'shown'));
      count.textContent = String(counts.get(name) ?? 0);
    }
    const nameless = this.rows.get(null)?.choose.parentElement;
    if (nameless) {
      const some = (counts.get(null) ?? 0) > 0;
      nameless.hidden = !some && bench.settings.labelClass !== null;
    }
  }

  private list(
    items: readonly ClassInfo[],
    all: readonly ClassInfo[]
  ): HTMLElement {
    const rows = items.map(item => this.row(item, all.indexOf(item) + 1));
    return element('ul', 'axons-Annotate-classes', ...rows);
  }

  private row(item: ClassInfo | null, number: number): HTMLElement {
    const { bench } = this;
    const name = item?.name ?? null;
    const text = item?.human_name ?? 'no class';
    const swatch = element('span', 'axons-Swatch');
    const { classes = [] } = bench.annotator.state ?? {};
    swatch.style.backgroundColor = cssOf(
      item
        ? colourOf(classes, item.name, bench.picture.labelLook.scheme)
        : UNCLASSIFIED
    );
    const key = element('kbd', '', number < 10 ? String(number) : '');
    const count = element('span', 'axons-Annotate-count');
    const choose = element('button', 'axons-Annotate-class', swatch);
    choose.append(element('span', '', text), key);
    choose.type = 'button';
    choose.title = number < 10 ? `${text} (${number})` : text;
    choose.addEventListener('click', () => {
      bench.chooseClass(name);
    });
    const hide = element('button', 'axons-Annotate-hide');
    hide.type = 'button';
    hide.setAttribute('aria-label', `Hide ${text}`);
    hide.title = `Show or hide ${text}`;
    hide.addEventListener('click', () => {
      this.toggle(name);
    });
    this.rows.set(name, { choose, hide, count });
    return element('li', '', choose, count, hide);
  }

  private toggle(name: string | null): void {
    const hidden = new Set(this.bench.picture.labelLook.hidden);
    if (!hidden.delete(name)) {
      hidden.add(name);
    }
    this.bench.look({ hidden });
  }

  private readonly rows = new Map<
    string | null,
    {
      readonly choose: HTMLButtonElement;
      readonly hide: HTMLButtonElement;
      readonly count: HTMLElement;
    }
  >();
}

function countsOf(rows: Iterable<Row>): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { label_class } of rows) {
    counts.set(label_class, (counts.get(label_class) ?? 0) + 1);
  }
  return counts;
}
