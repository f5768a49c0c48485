import { describe, expect, it } from 'vitest';

import { stageById, stageNumber, STAGES } from '../src/stages';

describe('stages', () => {
  it('come in the order of the work', () => {
    expect(STAGES.map(stage => stage.title)).toEqual([
      'Import',
      'Tile',
      'Annotate',
      'Training set',
      'Train',
      'Predict',
      'Analyse'
    ]);
  });

  it('are numbered from 1', () => {
    expect(STAGES.map(stageNumber)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('are found by their id', () => {
    for (const stage of STAGES) {
      expect(stageById(stage.id)).toBe(stage);
    }
  });

  it('names the ids that exist when one does not', () => {
    expect(() => stageById('patch')).toThrow(
      'There is no stage "patch"; the stages are import, tile, annotate, ' +
        'training-set, train, predict, analyse.'
    );
  });
});
