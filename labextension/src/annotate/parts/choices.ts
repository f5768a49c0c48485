/** One value of several: a menu with groups, or buttons that are all in sight. */

import { element } from '../../dom';
import type { Choice } from '../answers';

export interface ChoiceGroup {
  /** Empty for choices that stand by themselves. */
  readonly label_text: string;
  readonly choices: readonly Choice[];
}

/** No choice has this value: the labels differ. */
const SEVERAL = '\0';
let radios = 0;

/** `value` is undefined where labels differ. */
export function menu(
  label: string,
  groups: readonly ChoiceGroup[],
  value: string | undefined,
  onChange: (value: string) => void
): HTMLSelectElement {
  const made = element('select', 'axons-Annotate-select');
  made.setAttribute('aria-label', label);
  for (const { label_text, choices } of groups) {
    const options = choices.map(optionOf);
    made.append(...(label_text ? [group(label_text, options)] : options));
  }
  if (value === undefined) {
    const several = optionOf({ value: SEVERAL, label_text: 'several' });
    several.disabled = true;
    made.prepend(several);
  }
  made.value = value ?? SEVERAL;
  const explain = () => {
    made.title = made.selectedOptions[0]?.title ?? '';
  };
  explain();
  made.addEventListener('change', () => {
    explain();
    onChange(made.value);
  });
  return made;
}

export function radioButtons(
  label: string,
  choices: readonly Choice[],
  value: string | undefined,
  onChange: (value: string) => void
): HTMLElement {
  const made = element('fieldset', 'axons-Annotate-radios');
  made.append(element('legend', '', label));
  const name = `axons-radio-${++radios}`;
  for (const choice of choices) {
    const box = element('input', '');
    Object.assign(box, { type: 'radio', name, value: choice.value });
    box.checked = choice.value === value;
    box.addEventListener('change', () => {
      onChange(choice.value);
    });
    const text = element('span', '', choice.label_text);
    const button = element('label', 'axons-Check', box, text);
    button.title = choice.tooltip ?? '';
    made.append(button);
  }
  return made;
}

function optionOf({ value, label_text, tooltip = '' }: Choice) {
  const option = element('option', '', label_text);
  option.value = value;
  option.title = tooltip;
  return option;
}

function group(label: string, options: readonly HTMLElement[]): HTMLElement {
  const made = element('optgroup', '', ...options);
  made.label = label;
  return made;
}
