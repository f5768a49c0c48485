/** Which labels are shown: by their class, and by what is said of them. */

import type { Control, Row } from './answers';
import type { LabelLook } from './stage/palette';

/** What an attribute has to be. A choice that is null: labels without one. */
export type Wanted =
  | { readonly kind: 'ticked'; readonly value: boolean }
  | { readonly kind: 'choice'; readonly value: string | null }
  | { readonly kind: 'text'; readonly value: string };

/** By the attribute's identifier; attributes that are not here may be anything. */
export type Filter = ReadonlyMap<string, Wanted>;

export function passes(
  { hidden, filter }: Pick<LabelLook, 'hidden' | 'filter'>,
  { label_class, attributes }: Pick<Row, 'label_class' | 'attributes'>
): boolean {
  if (hidden.has(label_class)) {
    return false;
  }
  for (const [name, wanted] of filter) {
    if (!matches(attributes[name], wanted)) {
      return false;
    }
  }
  return true;
}

function matches(value: unknown, wanted: Wanted): boolean {
  switch (wanted.kind) {
    case 'ticked':
      return (value === true) === wanted.value;
    case 'choice':
      return (value ?? null) === wanted.value;
    case 'text': {
      const text = typeof value === 'string' ? value : '';
      return text.toLowerCase().includes(wanted.value.toLowerCase());
    }
  }
}

/** What a control's menu offers: texts, and what they ask for; null asks for nothing. Texts are written, not chosen. */
export function offers(
  control: Control
): readonly (readonly [string, Wanted | null])[] {
  const all = ['all', null] as const;
  if (control.control === 'checkbox') {
    return [
      all,
      ['yes', { kind: 'ticked', value: true }],
      ['no', { kind: 'ticked', value: false }]
    ];
  }
  const groups = control.groups?.map(({ choices }) => choices);
  return [
    all,
    ...(groups ?? [control.choices ?? []])
      .flat()
      .map(
        ({ value, label_text }) =>
          [label_text, { kind: 'choice', value }] as const
      ),
    ['no value', { kind: 'choice', value: null }]
  ];
}
