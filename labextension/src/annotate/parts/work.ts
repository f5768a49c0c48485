/** The state of the work: named tasks, the models that can be asked, and what they propose. */

import { button, checkbox, element } from '../../dom';
import type { Workbench } from '../workbench';

export class Work {
  readonly node = element('section', 'axons-Panel-section');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('aria-label', 'Work');
  }

  show(): void {
    const { state, tile } = this.bench.annotator;
    const proposals = [...(tile?.rows.values() ?? [])].filter(
      ({ proposal }) => proposal
    ).length;
    const key = JSON.stringify([
      state?.tasks,
      state?.completed_tasks,
      state?.models,
      proposals,
      tile?.asked
    ]);
    if (key === this.shown) {
      return;
    }
    this.shown = key;
    const tasks = (state?.tasks ?? []).map(({ name, human_name }) => {
      const done = state?.completed_tasks.includes(name) ?? false;
      return checkbox(human_name, done, checked => {
        this.bench.commit({ op: 'task', name, done: checked });
      });
    });
    this.node.hidden = !tasks.length && !state?.models.length && !proposals;
    this.node.replaceChildren(
      ...(tasks.length ? [element('h3', '', 'This image'), ...tasks] : []),
      ...this.models(state?.models ?? [], proposals),
      ...this.waiting(tile?.asked ?? null)
    );
  }

  private models(models: readonly string[], proposals: number): HTMLElement[] {
    const { bench } = this;
    const asking = models.map(model =>
      button(
        `Ask ${model}`,
        `Labels of the model ${model} as proposals`,
        () => {
          bench.commit({ op: 'propose', model });
        }
      )
    );
    const parts = asking.length
      ? [
          element('h3', '', 'Models'),
          element('div', 'axons-Annotate-row', ...asking)
        ]
      : [];
    return proposals ? [...parts, ...this.decisions(proposals)] : parts;
  }

  /** A model that has not seen this image predicts all of it first, which takes its time. */
  private waiting(model: string | null): HTMLElement[] {
    if (model === null) {
      return [];
    }
    const text = element(
      'p',
      '',
      `${model} is looking at the image. Go on drawing meanwhile; what you draw is kept.`
    );
    text.setAttribute('role', 'status');
    const bar = element('progress', 'axons-Annotate-progress');
    bar.setAttribute('aria-label', `${model} is looking at the image`);
    return [text, bar];
  }

  private decisions(proposals: number): HTMLElement[] {
    const { bench } = this;
    const decide = (op: 'accept' | 'reject', all: boolean) => () => {
      const ids = bench.chosen
        .filter(({ proposal }) => proposal)
        .map(({ id }) => id);
      if (!all && !ids.length) {
        bench.say('Choose proposals first: press V and click them.');
        return;
      }
      bench.commit(all ? { op } : { op, ids });
    };
    return [
      element('p', '', `${proposals} proposed`),
      element(
        'div',
        'axons-Annotate-row',
        button(
          'Accept',
          'Accept the chosen proposals',
          decide('accept', false)
        ),
        button(
          'Reject',
          'Reject the chosen proposals',
          decide('reject', false)
        ),
        button('Accept all', 'Accept all of the tile', decide('accept', true)),
        button('Reject all', 'Reject all of the tile', decide('reject', true))
      )
    ];
  }

  private shown = '';
}
