import { describe, expect, it } from 'vitest';

import { keepPlainKeys } from '../src/shortcuts';

function press(node: HTMLElement, init: KeyboardEventInit): string | undefined {
  let seen: string | undefined;
  // Where JupyterLab looks at keys.
  const listener = () => {
    seen = node.dataset['lmSuppressShortcuts'];
  };
  document.addEventListener('keydown', listener, true);
  node.dispatchEvent(new KeyboardEvent('keydown', { ...init, bubbles: true }));
  document.removeEventListener('keydown', listener, true);
  return seen;
}

describe('keepPlainKeys', () => {
  it('keeps plain keys from JupyterLab, and leaves it those with Ctrl', () => {
    const node = document.body.appendChild(document.createElement('div'));
    const giveBack = keepPlainKeys(node);
    expect(press(node, { key: 'x' })).toBe('true');
    expect(press(node, { key: 's', ctrlKey: true })).toBeUndefined();
    expect(press(node, { key: 'Enter', shiftKey: true })).toBeUndefined();
    giveBack();
    expect(press(node, { key: 'x' })).toBeUndefined();
  });
});
