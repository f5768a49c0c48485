import { describe, expect, it } from 'vitest';

import { menu, radioButtons } from '../../src/annotate/parts/choices';

const DARK = { value: 'dark', label_text: 'Dark', tooltip: 'Osmium' };
const PALE = { value: 'pale', label_text: '<b>Pale</b>', tooltip: '' };
const NONE = { value: '', label_text: '–' };

describe('one value of several', () => {
  it('is a menu with groups that explains what is chosen', () => {
    const taken: string[] = [];
    const groups = [
      { label_text: '', choices: [NONE] },
      { label_text: 'Stain', choices: [DARK, PALE] }
    ];
    const made = menu('Look', groups, 'dark', value => taken.push(value));
    expect(made.title).toBe('Osmium');
    expect(made.querySelector('optgroup')?.label).toBe('Stain');
    expect([...made.options].map(option => option.title)).toEqual([
      '',
      'Osmium',
      ''
    ]);
    made.value = 'pale';
    made.dispatchEvent(new Event('change'));
    expect([taken, made.title]).toEqual([['pale'], '']);
    expect(made.querySelector('b')).toBeNull();
  });

  it('is no value where labels differ', () => {
    const made = menu(
      'Look',
      [{ label_text: '', choices: [DARK] }],
      undefined,
      () => undefined
    );
    expect(made.selectedOptions[0]?.textContent).toBe('several');
    const set = radioButtons('Look', [DARK, PALE], undefined, () => undefined);
    expect(set.querySelector('input:checked')).toBeNull();
  });

  it('is a set of buttons, each with its explanation', () => {
    const taken: string[] = [];
    const take = (value: string) => taken.push(value);
    const [one, other] = [0, 1].map(() =>
      radioButtons('Look', [NONE, DARK], '', take)
    );
    document.body.append(...[one, other].flatMap(node => node ?? []));
    const boxes = [...(one?.querySelectorAll('input') ?? [])];
    expect(boxes.map(box => box.checked)).toEqual([true, false]);
    expect(boxes[1]?.closest('label')?.title).toBe('Osmium');
    boxes[1]?.click();
    expect(taken).toEqual(['dark']);
    expect(other?.querySelector('input')?.name).not.toBe(boxes[0]?.name);
  });
});
