/** Small elements with a class and text; text is always text, never HTML. */

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

export function button(
  text: string,
  label: string,
  onClick: () => void
): HTMLButtonElement {
  const made = element('button', 'axons-Button', text);
  made.type = 'button';
  made.title = label;
  made.setAttribute('aria-label', label);
  made.addEventListener('click', onClick);
  return made;
}

export interface SliderOptions {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number | 'any';
  readonly value: number;
  readonly onInput: (value: number) => void;
}

export function slider(options: SliderOptions): HTMLInputElement {
  const made = element('input', 'axons-Slider');
  made.type = 'range';
  made.min = String(options.min);
  made.max = String(options.max);
  made.step = String(options.step);
  made.value = String(options.value);
  made.setAttribute('aria-label', options.label);
  made.addEventListener('input', () => {
    options.onInput(made.valueAsNumber);
  });
  return made;
}

/** A check box with its text. */
export function checkbox(
  text: string,
  checked: boolean,
  onChange: (checked: boolean) => void
): HTMLLabelElement {
  const box = element('input', '');
  box.type = 'checkbox';
  box.checked = checked;
  box.addEventListener('change', () => {
    onChange(box.checked);
  });
  return element('label', 'axons-Check', box, element('span', '', text));
}
