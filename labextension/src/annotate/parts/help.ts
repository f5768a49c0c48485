/** The keys and what they do, over the view. */

import { element } from '../../dom';
import { HELP, TOOL_KEYS } from '../keys';
import { icon } from '../icons';
import { iconButton } from './controls';
import { TOOL_TITLES } from './toolbar';

export class Help {
  readonly node = element('dialog', 'axons-Annotate-help');

  constructor(private readonly closed: () => void) {
    this.node.setAttribute('aria-label', 'Keys');
    const tools = Object.entries(TOOL_KEYS).map(([key, tool]) => {
      const text = TOOL_TITLES[tool].split(':')[0] ?? '';
      return row(key.toUpperCase(), element('span', '', icon(tool), text));
    });
    const sections = HELP.map(([title, rows]) =>
      section(
        title,
        rows.map(([keys, text]) => row(keys, element('span', '', text)))
      )
    );
    const close = iconButton('reject', 'Close (Esc)', () => {
      this.node.close();
    });
    this.node.append(
      element('div', 'axons-Annotate-title', element('h2', '', 'Keys'), close),
      element(
        'div',
        'axons-Annotate-keys',
        section('Tools', tools),
        ...sections
      )
    );
    this.node.addEventListener('close', () => {
      this.closed();
    });
    this.node.addEventListener('click', event => {
      // Outside of the box, which the dialog itself then is.
      if (event.target === this.node) {
        this.node.close();
      }
    });
  }

  toggle(): void {
    if (this.node.open) {
      this.node.close();
    } else {
      this.node.showModal();
    }
  }
}

function section(title: string, rows: readonly HTMLElement[]): HTMLElement {
  const list = element('dl', '', ...rows);
  return element('section', '', element('h3', '', title), list);
}

function row(keys: string, text: HTMLElement): HTMLElement {
  return element(
    'div',
    '',
    element('dt', '', element('kbd', '', keys)),
    element('dd', '', text)
  );
}
