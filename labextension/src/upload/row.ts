/** One file in the list: its name, how far it is, and what is wanted of its person. */

import { button, element } from '../dom';
import { sizeText } from './format';
import type { FileRow } from './messages';

export interface RowActions {
  readonly remove: () => void;
  readonly answer: (name: string, pixelSizeUm: number | null) => void;
}

export interface RowFacts {
  readonly row: FileRow;
  /** Bytes that have come, or null when another page (or an earlier state of this one) sent it. */
  readonly received: number | null;
  readonly picture: DataView | undefined;
}

export function fileRow(facts: RowFacts, actions: RowActions): HTMLElement {
  const { row } = facts;
  const item = element('li', `axons-File axons-mod-${row.state}`);
  const head = element(
    'div',
    'axons-File-head',
    element('span', 'axons-File-name', row.name),
    element('span', 'axons-File-size', sizeText(row.size))
  );
  if (row.state !== 'importing') {
    const verb = row.state === 'receiving' ? 'Cancel' : 'Remove';
    head.append(button('×', `${verb} ${row.name}`, actions.remove));
  }
  item.append(head, ...body(facts, actions));
  return item;
}

function body(facts: RowFacts, actions: RowActions): HTMLElement[] {
  const { row } = facts;
  const message = element('p', 'axons-File-message', row.message);
  switch (row.state) {
    case 'receiving':
      return receiving(facts);
    case 'importing': {
      const bar = element('progress', '');
      bar.setAttribute('aria-label', `Importing ${row.name}`);
      return [bar, element('p', 'axons-File-message', 'is being imported …')];
    }
    case 'asking':
      message.setAttribute('role', 'alert');
      return [message, questions(row, actions)];
    case 'failed':
      message.setAttribute('role', 'alert');
      return [message];
    case 'done':
      return [picture(facts.picture, row.image), message];
  }
}

function receiving({ row, received }: RowFacts): HTMLElement[] {
  const bar = element('progress', '');
  bar.max = row.size;
  bar.value = received ?? row.received;
  bar.setAttribute('aria-label', `Sending ${row.name}`);
  const percent = Math.floor((100 * bar.value) / row.size);
  const text =
    received === null
      ? `${percent} % have come. Choose the same file again to go on.`
      : `${percent} %`;
  return [bar, element('p', 'axons-File-message', text)];
}

/** Name and pixel size, to try again with. */
function questions(row: FileRow, actions: RowActions): HTMLElement {
  const name = element('input', '');
  name.placeholder = 'as the file';
  name.setAttribute('aria-label', `Name of the image ${row.name}`);
  const size = element('input', '');
  size.type = 'number';
  size.min = '0.0001';
  size.step = 'any';
  size.placeholder = '0.1';
  size.setAttribute('aria-label', `Pixel size of ${row.name} in µm`);
  const form = element(
    'form',
    'axons-File-questions',
    element('label', '', 'µm per pixel ', size),
    element('label', '', 'name ', name)
  );
  const submit = element('button', 'axons-Button', 'Import');
  submit.type = 'submit';
  form.append(submit);
  form.addEventListener('submit', event => {
    event.preventDefault();
    const um = size.valueAsNumber;
    actions.answer(name.value, Number.isFinite(um) ? um : null);
  });
  return form;
}

function picture(data: DataView | undefined, name: string): HTMLElement {
  const image = element('img', 'axons-File-picture');
  image.alt = name;
  if (data) {
    const url = URL.createObjectURL(
      new Blob([data as unknown as BlobPart], { type: 'image/png' })
    );
    image.addEventListener('load', () => {
      URL.revokeObjectURL(url);
    });
    image.src = url;
  }
  return image;
}
