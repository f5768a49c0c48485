import { describe, expect, it, vi } from 'vitest';

import { AxonsPanel } from '../src/panel';
import { STAGES } from '../src/stages';

function panelOf() {
  const onTour = vi.fn();
  const onStage = vi.fn();
  const { node } = new AxonsPanel({ onTour, onStage });
  const stages = Array.from(
    node.querySelectorAll<HTMLButtonElement>('.axons-StageList > li > button')
  );
  return { node, stages, onTour, onStage };
}

describe('AxonsPanel', () => {
  it('opens the tour', () => {
    const { node, onTour, onStage } = panelOf();
    node.querySelector<HTMLButtonElement>('.axons-OpenTour')?.click();
    expect(onTour).toHaveBeenCalledOnce();
    expect(onStage).not.toHaveBeenCalled();
  });

  it('goes to the stage that is clicked', () => {
    const { stages, onStage } = panelOf();
    stages.forEach(button => {
      button.click();
    });
    expect(onStage.mock.calls).toEqual(STAGES.map(stage => [stage]));
  });

  it('shows each stage with its number, sentence and call', () => {
    const { stages } = panelOf();
    expect(stages.map(button => button.dataset['stage'])).toEqual(
      STAGES.map(stage => stage.id)
    );
    STAGES.forEach((stage, index) => {
      const parts = Array.from(
        stages[index]?.children ?? [],
        part => part.textContent
      );
      expect(parts).toEqual([
        String(index + 1),
        stage.title,
        stage.summary,
        stage.call
      ]);
    });
  });

  it('names itself and its list for a screen reader', () => {
    const { node } = panelOf();
    expect(node.getAttribute('role')).toBe('region');
    expect(node.getAttribute('aria-label')).toBe('Axons');
    expect(node.querySelector('ol')?.getAttribute('aria-label')).toBe(
      'Stages of a project'
    );
  });
});
