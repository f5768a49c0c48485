import { describe, expect, it } from 'vitest';

import { Feedback } from '../../src/annotate/feedback';
import type { AnnotatorModel, CanvasModel } from '../../src/annotate/model';
import type { Stage } from '../../src/annotate/stage/stage';

function setUp(feedback: CanvasModel | null) {
  const laid: unknown[] = [];
  const told: [boolean, boolean][] = [];
  const stage = {
    setForeign: (foreign: unknown) => laid.push(foreign),
    changed: () => undefined
  };
  const model = { feedback };
  const made = new Feedback(
    model as unknown as AnnotatorModel,
    stage as unknown as Stage,
    (there, shown) => told.push([there, shown])
  );
  return { made, laid, told, model };
}

function canvas(): CanvasModel & { listeners: number } {
  const made = {
    canvas: document.createElement('canvas'),
    listeners: 0,
    on: () => {
      made.listeners++;
    }
  };
  return made;
}

describe('the feedback over the tile', () => {
  it('is hidden and shown again, and stays hidden when it is drawn anew', () => {
    const first = canvas();
    const { made, laid, told, model } = setUp(first);
    made.update();
    expect(made.toggle()).toBe('The feedback is hidden.');
    made.update();
    expect(laid).toEqual([[first], [], []]);
    const second = canvas();
    model.feedback = second;
    made.update();
    expect(made.toggle()).toBe('The feedback is shown.');
    expect(laid.at(-1)).toEqual([second]);
    expect(told.at(-1)).toEqual([true, true]);
    expect([first.listeners, second.listeners]).toEqual([1, 1]);
  });

  it('says so where there is none', () => {
    const { made, told } = setUp(null);
    made.update();
    expect(made.toggle()).toContain('There is no feedback');
    expect(told).toEqual([[false, true]]);
  });
});
