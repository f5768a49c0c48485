/** The state of the work: named tasks, the models that can be asked, and what they propose. */

import { button, checkbox, element } from '../../dom';
import { Asking } from '../asking';
import type { Workbench } from '../workbench';
import { Asked } from './asked';

export class Work {
  readonly node = element('section', 'axons-Panel-section');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('aria-label', 'Work');
    this.asking = new Asking(bench, () => {
      this.asked.show(this.asking.now);
    });
    this.asked = new Asked(() => {
      this.asking.stop();
    });
    this.node.append(this.list, this.asked.node);
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
      proposals
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
    this.list.replaceChildren(
      ...(tasks.length ? [element('h3', '', 'This image'), ...tasks] : []),
      ...this.models(state?.models ?? [], proposals)
    );
  }

  private models(models: readonly string[], proposals: number): HTMLElement[] {
    const asking = models.map(model =>
      button(
        `Ask ${model}`,
        `Labels of the model ${model} as proposals`,
        () => {
          this.asking.ask(model);
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

  private readonly list = element('div', '');
  private readonly asking: Asking;
  private readonly asked: Asked;
  private shown = '';
}
