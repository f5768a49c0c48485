import { describe, expect, it } from 'vitest';

import { TileNumber } from '../../src/annotate/parts/tilenumber';

function made() {
  const gone: number[] = [];
  const said: string[] = [];
  const part = new TileNumber(
    tile => gone.push(tile),
    text => said.push(text)
  );
  document.body.append(part.node);
  part.show(2, 16);
  const field = part.node.querySelector('input');
  const type = (text: string) => {
    if (field) {
      field.value = text;
      field.dispatchEvent(new Event('change'));
    }
  };
  return { gone, said, part, field, type };
}

describe('the number of a tile', () => {
  it('is shown, and typed to go there', () => {
    const { gone, part, field, type } = made();
    expect([field?.value, part.node.textContent]).toEqual(['3', 'Tileof 16']);
    type('16');
    expect(gone).toEqual([15]);
    part.show(15, 16);
    expect(field?.value).toBe('16');
  });

  it('is gone to by Enter, once', () => {
    const { gone, part, field } = made();
    if (field) {
      field.value = '5';
    }
    field?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }));
    part.show(4, 16);
    field?.dispatchEvent(new Event('change'));
    expect(gone).toEqual([4]);
  });

  it.each(['0', '17', '1.5', '', '-3'])('is none of them: %s', text => {
    const { gone, said, field, type } = made();
    type(text);
    expect([gone, field?.value]).toEqual([[], '3']);
    expect(said).toEqual([
      'There is no such tile: they are numbered from 1 to 16.'
    ]);
  });

  it('is left alone while it is typed', () => {
    const { part, field } = made();
    field?.focus();
    if (field) {
      field.value = '1';
    }
    part.show(3, 16);
    expect(field?.value).toBe('1');
    field?.blur();
    part.show(3, 16);
    expect(field?.value).toBe('4');
  });
});
