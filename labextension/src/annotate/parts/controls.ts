/** Buttons with icons, and rows of them of which one is pressed. */

import { element } from '../../dom';
import { icon, type IconName } from '../icons';

export function iconButton(
  name: IconName,
  label: string,
  onClick: () => void
): HTMLButtonElement {
  const made = element('button', 'axons-Annotate-button');
  made.type = 'button';
  made.title = label;
  made.setAttribute('aria-label', label);
  made.append(icon(name));
  made.addEventListener('click', onClick);
  return made;
}

export function press(button: HTMLButtonElement, pressed: boolean): void {
  button.setAttribute('aria-pressed', String(pressed));
}

/** Small buttons with text of which one is pressed. */
export class Segments<T extends string> {
  readonly node = element('div', 'axons-Annotate-segments');

  constructor(
    label: string,
    choices: readonly (readonly [T, string])[],
    onChoose: (value: T) => void
  ) {
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', label);
    this.buttons = choices.map(([value, text]) => {
      const made = element('button', 'axons-Annotate-segment', text);
      made.type = 'button';
      made.addEventListener('click', () => {
        onChoose(value);
      });
      this.node.append(made);
      return [value, made];
    });
  }

  show(value: T): void {
    for (const [own, made] of this.buttons) {
      press(made, own === value);
    }
  }

  private readonly buttons: (readonly [T, HTMLButtonElement])[];
}

/**
 * One stop of the Tab key for a bar of buttons; arrow keys go from one to the next. So the keyboard passes a long
 * toolbar at one press.
 */
export function rove(bar: HTMLElement): void {
  const buttons = () =>
    [...bar.querySelectorAll('button')].filter(
      made => !made.disabled && !made.hidden
    );
  const settle = (chosen: HTMLButtonElement | undefined) => {
    for (const made of bar.querySelectorAll('button')) {
      made.tabIndex = made === chosen ? 0 : -1;
    }
  };
  settle(buttons()[0]);
  bar.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLButtonElement) {
      settle(target);
    }
  });
  bar.addEventListener('keydown', event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = buttons();
    const at = all.indexOf(event.target as HTMLButtonElement);
    if (step && at >= 0) {
      all[(at + step + all.length) % all.length]?.focus();
      event.preventDefault();
      event.stopPropagation();
    }
  });
}
