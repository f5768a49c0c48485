import { describe, expect, it } from 'vitest';

import type { Control } from '../../src/annotate/answers';
import { offers, passes, type Wanted } from '../../src/annotate/filter';

function shown(attributes: Record<string, unknown>, wanted: Wanted): boolean {
  const look = { hidden: new Set<null>(), filter: new Map([['it', wanted]]) };
  return passes(look, { label_class: 'axon', attributes });
}

describe('the filter by attributes', () => {
  it.each<[Record<string, unknown>, Wanted, boolean]>([
    [{ it: true }, { kind: 'ticked', value: true }, true],
    [{}, { kind: 'ticked', value: true }, false],
    [{}, { kind: 'ticked', value: false }, true],
    [{ it: true }, { kind: 'ticked', value: false }, false],
    [{ it: 'he' }, { kind: 'choice', value: 'he' }, true],
    [{ it: 'pas' }, { kind: 'choice', value: 'he' }, false],
    [{}, { kind: 'choice', value: null }, true],
    [{ it: null }, { kind: 'choice', value: null }, true],
    [{ it: 'he' }, { kind: 'choice', value: null }, false],
    [{ it: 'Torn at the Edge' }, { kind: 'text', value: 'edge' }, true],
    [{ it: 'torn' }, { kind: 'text', value: 'edge' }, false],
    [{}, { kind: 'text', value: 'edge' }, false]
  ])('%j with %j', (attributes, wanted, expected) => {
    expect(shown(attributes, wanted)).toBe(expected);
  });

  it('lets everything through that nothing is said of', () => {
    const none = { hidden: new Set<null>(), filter: new Map() };
    expect(passes(none, { label_class: null, attributes: {} })).toBe(true);
  });

  it('goes with the filter by class', () => {
    const look = { hidden: new Set(['axon']), filter: new Map() };
    const attributes = { it: true };
    expect(passes(look, { label_class: 'axon', attributes })).toBe(false);
    expect(passes(look, { label_class: 'myelin', attributes })).toBe(true);
  });

  it('offers each value of a choice, in its groups too, and none', () => {
    const choices = [{ value: 'he', label_text: 'HE' }];
    const common = { identifier: 'it', label_text: 'It' };
    const radio: Control = { ...common, control: 'radio', choices };
    const groups = [{ label_text: 'Stains', choices }];
    const menu: Control = { ...common, control: 'popup_menu', groups };
    for (const control of [radio, menu]) {
      expect(offers(control)).toEqual([
        ['all', null],
        ['HE', { kind: 'choice', value: 'he' }],
        ['no value', { kind: 'choice', value: null }]
      ]);
    }
    const box: Control = { ...common, control: 'checkbox' };
    expect(offers(box).map(([text]) => text)).toEqual(['all', 'yes', 'no']);
  });
});
