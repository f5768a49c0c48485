/** The chosen labels: their class, their source and their attributes. */

import { checkbox, element } from '../../dom';
import type { Choice, ClassInfo, Control, Row } from '../answers';
import type { Workbench } from '../workbench';

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
    const choices = [
      { value: '', label_text: 'no class' },
      ...classes.map(({ name, human_name }) => ({
        value: name,
        label_text: human_name
      }))
    ];
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
      default: {
        const groups = control.groups?.map(group => group.choices) ?? [
          control.choices ?? []
        ];
        const none = { value: '', label_text: '–' };
        const text = typeof value === 'string' ? value : '';
        const select = menu(label_text, [[none], ...groups], text, chosen => {
          set(chosen || null);
        });
        return field(label_text, select);
      }
    }
  }

  private shown = '';
}

/** What all rows have; undefined where they differ. */
function common<T>(rows: readonly Row[], of: (row: Row) => T): T | undefined {
  const [first, ...others] = rows.map(of);
  return others.every(other => other === first) ? first : undefined;
}

function field(text: string, control: HTMLElement): HTMLElement {
  return element(
    'label',
    'axons-Annotate-field',
    element('span', '', text),
    control
  );
}

function menu(
  label: string,
  groups: readonly (readonly Choice[])[],
  value: string | undefined,
  onChange: (value: string) => void
): HTMLSelectElement {
  const made = element('select', 'axons-Annotate-select');
  made.setAttribute('aria-label', label);
  for (const choice of groups.flat()) {
    const option = element('option', '', choice.label_text);
    option.value = choice.value;
    made.append(option);
  }
  if (value === undefined) {
    const several = element('option', '', 'several');
    several.disabled = true;
    several.value = '\0';
    made.prepend(several);
  }
  made.value = value ?? '\0';
  made.addEventListener('change', () => {
    onChange(made.value);
  });
  return made;
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
