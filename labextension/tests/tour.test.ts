import { describe, expect, it } from 'vitest';

import { stageById, STAGES } from '../src/stages';
import {
  findStageCell,
  missingHeadingMessage,
  missingTourMessage,
  stageHeading,
  type CellText
} from '../src/tour';

const train = stageById('train');

function markdown(...sources: string[]): CellText[] {
  return sources.map(source => ({ type: 'markdown', source }));
}

describe('findStageCell', () => {
  it('finds the heading of every stage', () => {
    const cells = [
      ...markdown('# The tour'),
      ...STAGES.flatMap(stage => [
        ...markdown(`## ${stageHeading(stage)}\n\nWhat happens here.`),
        { type: 'code', source: stage.call }
      ])
    ];
    expect(STAGES.map(stage => findStageCell(cells, stage))).toEqual([
      1, 3, 5, 7, 9, 11, 13
    ]);
  });

  it.each([
    ['another number', '## 6 · Train'],
    ['another separator', '## 5. Train'],
    ['another level and case', '# 5 - TRAIN '],
    ['text before the heading', 'So far so good.\n\n## 5 · Train']
  ])('accepts %s', (_what, source) => {
    expect(findStageCell(markdown(source), train)).toBe(0);
  });

  it.each([
    ['a longer title', '## 4 · Training set'],
    ['a comment in a code sample', '```python\n# Train\n```'],
    ['plain text', '5 · Train'],
    ['an empty cell', '']
  ])('does not take %s for the heading', (_what, source) => {
    expect(findStageCell(markdown(source), train)).toBe(-1);
  });

  it('ignores code cells', () => {
    const cells = [{ type: 'code', source: '## 5 · Train' }];
    expect(findStageCell(cells, train)).toBe(-1);
  });
});

describe('messages', () => {
  it('say how a hub puts the tour back', () => {
    expect(missingTourMessage(true)).toBe(
      'tour.ipynb is not in your home folder. It is put there when your server ' +
        'starts: choose File > Hub Control Panel, stop your server and start it again.'
    );
  });

  it('do not send a student without a hub to the hub', () => {
    expect(missingTourMessage(false)).not.toContain('Hub');
  });

  it('spell the heading that is missing', () => {
    expect(missingHeadingMessage(train)).toContain('"## 5 · Train"');
  });
});
