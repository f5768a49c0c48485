/** Shows only labels whose attributes are as wanted. */

import { button, element } from '../../dom';
import type { Control } from '../answers';
import { offers, type Wanted } from '../filter';
import type { Workbench } from '../workbench';

export class Filters {
  readonly node = element('section', 'axons-Panel-section');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('aria-label', 'Filter by attributes');
    this.all = button(
      'Show all',
      'Show labels whatever is said of them',
      () => {
        bench.look({ filter: new Map() });
        this.build();
      }
    );
    this.rest = element('p', 'axons-Annotate-row', this.count, this.all);
    this.count.setAttribute('role', 'status');
  }

  build(): void {
    const { controls = [] } = this.bench.annotator.state ?? {};
    this.node.hidden = !controls.length;
    this.node.replaceChildren(
      element('h3', '', 'Show only'),
      ...controls.map(control => this.field(control)),
      this.rest
    );
    this.show();
  }

  /** How many labels are not seen; labels or filters have changed. */
  show(): void {
    const { picture, annotator } = this.bench;
    this.rest.hidden = !picture.labelLook.filter.size;
    if (!this.rest.hidden) {
      const rows = [...(annotator.tile?.rows.values() ?? [])];
      const seen = rows.filter(row => picture.sees(row)).length;
      this.count.textContent = `${seen} of ${rows.length} labels are shown`;
    }
  }

  private field(control: Control): HTMLElement {
    const { label_text, visibility_label_text } = control;
    const text = element('span', '', visibility_label_text ?? label_text);
    const made =
      control.control === 'text' ? this.text(control) : this.menu(control);
    return element('label', 'axons-Annotate-field', text, made);
  }

  private menu(control: Control): HTMLElement {
    const now = this.bench.picture.labelLook.filter.get(control.identifier);
    const made = element('select', 'axons-Annotate-select');
    const choices = offers(control);
    made.append(...choices.map(([text]) => element('option', '', text)));
    made.selectedIndex = Math.max(
      0,
      choices.findIndex(([, wanted]) => wanted && wanted.value === now?.value)
    );
    made.addEventListener('change', () => {
      this.want(control, choices[made.selectedIndex]?.[1] ?? null);
    });
    return made;
  }

  private text(control: Control): HTMLElement {
    const now = this.bench.picture.labelLook.filter.get(control.identifier);
    const made = element('input', 'axons-Annotate-text');
    made.type = 'search';
    made.placeholder = 'contains …';
    made.value = now?.kind === 'text' ? now.value : '';
    made.addEventListener('input', () => {
      const { value } = made;
      this.want(control, value ? { kind: 'text', value } : null);
    });
    return made;
  }

  private want({ identifier }: Control, wanted: Wanted | null): void {
    const filter = new Map(this.bench.picture.labelLook.filter);
    if (wanted) {
      filter.set(identifier, wanted);
    } else {
      filter.delete(identifier);
    }
    this.bench.look({ filter });
    this.show();
  }

  private readonly all: HTMLButtonElement;
  private readonly rest: HTMLElement;
  private readonly count = element('span', '');
}
