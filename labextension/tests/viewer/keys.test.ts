import { describe, expect, it } from 'vitest';

import { commandOfKey } from '../../src/viewer/keys';

const PLAIN = {
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false
};

describe('commandOfKey', () => {
  it.each([
    ['ArrowLeft', { do: 'pan', x: -0.15, y: 0 }],
    ['ArrowDown', { do: 'pan', x: 0, y: 0.15 }],
    ['+', { do: 'zoom', factor: 1.5 }],
    ['=', { do: 'zoom', factor: 1.5 }],
    ['-', { do: 'zoom', factor: 1 / 1.5 }],
    ['0', { do: 'home' }],
    ['1', { do: 'actual' }],
    ['f', { do: 'fullscreen' }],
    ['c', { do: 'panel' }]
  ])('%s', (key, command) => {
    expect(commandOfKey({ ...PLAIN, key })).toEqual(command);
  });

  it('goes further with Shift', () => {
    expect(
      commandOfKey({ ...PLAIN, key: 'ArrowRight', shiftKey: true })
    ).toEqual({ do: 'pan', x: 0.75, y: 0 });
  });

  it.each(['ctrlKey', 'metaKey', 'altKey'])('leaves %s alone', modifier => {
    expect(commandOfKey({ ...PLAIN, key: '0', [modifier]: true })).toBeNull();
  });

  it('leaves other keys alone', () => {
    expect(commandOfKey({ ...PLAIN, key: 'Tab' })).toBeNull();
  });
});
