/** The chosen labels: their class, their source and their attributes. */

import { checkbox, element } from '../../dom';
import type { Choice, ClassInfo, Control, Row } from '../answers';
import type { Workbench } from '../workbench';
import { menu, radioButtons, type ChoiceGroup } from './choices';

export class Chosen {
  readonly node = element('section', 'axons-Panel-section');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('aria-label', 'Chosen labels');
  }

  show(): void {
    const rows = this.bench.chosen;
    const key = JSON.stringify(
      rows.map(({ id, label_class, source, attributes, proposal }) => [
        id,
        label_class,
        source,
        attributes,
        proposal
      ])
    );
    this.node.hidden = !rows.length;
    // A text that is being written in is left alone.
    if (key === this.shown || this.node.contains(document.activeElement)) {
      return;
    }
    this.shown = key;
    const { classes = [], controls = [] } = this.bench.annotator.state ?? {};
    const title =
      rows.length === 1
        ? `${rows[0]?.kind === 'group' ? 'Group' : 'Label'} ${rows[0]?.id ?? ''}`
        : `${rows.length} labels chosen`;
    const select = this.classMenu(classes, rows);
    const sources = [...new Set(rows.map(row => row.source ?? 'unknown'))];
    this.node.replaceChildren(
      element('h3', '', title),
      field('Class', select),
      field('Source', element('span', '', sources.join(', '))),
      ...controls.map(control => this.control(control, rows))
    );
  }

  private classMenu(
    classes: readonly ClassInfo[],
    rows: readonly Row[]
  ): HTMLElement {
    const choices = alone(
      { value: '', label_text: 'no class' },
      ...classes.map(({ name, human_name }) => ({
        value: name,
        label_text: human_name
      }))
    );
    const value = common(rows, row => row.label_class ?? '');
    return menu('Class', [choices], value, chosen => {
      this.bench.reclass(chosen || null);
    });
  }

  private control(control: Control, rows: readonly Row[]): HTMLElement {
    const { identifier, label_text } = control;
    const value = common(rows, row => row.attributes[identifier] ?? null);
    const set = (chosen: boolean | string | null) => {
      const ids = rows.map(({ id }) => id);
      this.bench.commit({
        op: 'attribute',
        ids,
        name: identifier,
        value: chosen
      });
    };
    switch (control.control) {
      case 'checkbox':
        return checkbox(label_text, value === true, set);
      case 'text':
        return field(label_text, textBox(control, value, set));
      default:
        return this.choice(control, value, set);
    }
  }

  private choice(
    control: Control,
    value: unknown,
    set: (chosen: string | null) => void
  ): HTMLElement {
    const { label_text: label, choices = [], groups = [] } = control;
    const text = value === null ? '' : (value as string | undefined);
    const take = (chosen: string) => {
      set(chosen || null);
    };
    const none = { value: '', label_text: '–' };
    return control.control === 'radio'
      ? radioButtons(label, [none, ...choices], text, take)
      : field(label, menu(label, [alone(none), ...groups], text, take));
  }

  private shown = '';
}

/** What all rows have; undefined where they differ. */
function common<T>(rows: readonly Row[], of: (row: Row) => T): T | undefined {
  const [first, ...others] = rows.map(of);
  return others.every(other => other === first) ? first : undefined;
}

function alone(...choices: Choice[]): ChoiceGroup {
  return { label_text: '', choices };
}

function field(text: string, control: HTMLElement): HTMLElement {
  return element(
    'label',
    'axons-Annotate-field',
    element('span', '', text),
    control
  );
}

function textBox(
  control: Control,
  value: unknown,
  onChange: (value: string) => void
): HTMLElement {
  const made = control.multiline
    ? element('textarea', 'axons-Annotate-text')
    : element('input', 'axons-Annotate-text');
  made.value = typeof value === 'string' ? value : '';
  made.addEventListener('change', () => {
    onChange(made.value);
  });
  return made;
}
