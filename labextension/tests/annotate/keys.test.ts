import { describe, expect, it } from 'vitest';

import { commandOfKey, HELP, TOOL_KEYS } from '../../src/annotate/keys';

function key(text: string, held: string[] = []) {
  return commandOfKey({
    key: text,
    shiftKey: held.includes('shift'),
    ctrlKey: held.includes('ctrl'),
    metaKey: held.includes('meta'),
    altKey: held.includes('alt')
  });
}

describe('the keys', () => {
  it.each([
    ['b', [], { do: 'tool', tool: 'brush' }],
    ['B', [], { do: 'tool', tool: 'brush' }],
    ['3', [], { do: 'class', number: 3 }],
    ['z', ['ctrl'], { do: 'undo' }],
    ['Z', ['ctrl', 'shift'], { do: 'redo' }],
    ['z', ['meta'], { do: 'undo' }],
    ['g', ['ctrl'], { do: 'group' }],
    ['G', ['ctrl', 'shift'], { do: 'ungroup' }],
    ['Enter', ['shift'], { do: 'finish' }],
    ['ArrowUp', ['shift'], { do: 'cursor', x: 0, y: -12 }],
    ['?', ['shift'], { do: 'help' }],
    ['q', [], { do: 'feedback' }],
    ['[', [], { do: 'step', by: -1 }]
  ])('%s with %s', (text, held, command) => {
    expect(key(text, held)).toEqual(command);
  });

  it.each([
    ['Tab', []],
    ['r', ['ctrl']],
    ['f', ['alt']],
    ['F5', []],
    ['h', []]
  ])('leaves %s with %s to the browser', (text, held) => {
    expect(key(text, held)).toBeNull();
  });

  it('has one meaning for each tool key, none of them a command', () => {
    const rows = HELP.flatMap(([, list]) => list.map(([keys]) => keys));
    const letters = Object.keys(TOOL_KEYS).map(letter => letter.toUpperCase());
    expect(rows.filter(keys => letters.includes(keys))).toEqual([]);
  });
});
