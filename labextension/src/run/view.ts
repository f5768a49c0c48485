/** The live view of a run in a notebook: how far it is, its curves, examples, and what it takes of the machine. */

import { DOMWidgetView } from '@jupyter-widgets/base';

import { element } from '../dom';
import { keepPlainKeys } from '../shortcuts';
import { Chart } from './chart';
import type { Series } from './curves';
import { Examples } from './examples';
import { clockText, numberText, scoreText } from './format';
import { Head } from './head';
import { Machine } from './sparkline';
import type { RunModel } from './model';
import { meanOf, type Changed } from './record';

const TRAINING = 'var(--axons-run-training)';
const VALIDATION = 'var(--axons-run-validation)';

export class RunView extends DOMWidgetView {
  declare model: RunModel;

  override render(): void {
    super.render();
    const { model } = this;
    this.el.classList.add('axons-Run');
    this.el.setAttribute('role', 'group');
    this.el.setAttribute('aria-label', `Run ${model.scene.name}`);
    this.giveKeysBack = keepPlainKeys(this.el);
    this.build();
    this.listenTo(model, 'news', (changed?: Changed) => {
      this.show(changed);
    });
    this.listenTo(model, 'comm_live_update', () => {
      this.show();
    });
    this.lookAway = model.look();
    this.show(new Set(['metrics', 'resources', 'messages']));
  }

  override remove(): void {
    this.lookAway();
    this.loss.dispose();
    this.dice.dispose();
    this.examples.dispose();
    this.giveKeysBack();
    super.remove();
  }

  private build(): void {
    const { model } = this;
    this.head = new Head(model.scene, (op, request) => {
      model.tell({ op, request });
    });
    const onPoint = (at: number | null) => {
      this.loss.point(at);
      this.dice.point(at);
    };
    this.loss = new Chart({ title: 'loss', text: numberText, onPoint });
    this.dice = new Chart({
      title: 'validation Dice',
      text: scoreText,
      range: [0, 1],
      onPoint
    });
    this.examples = new Examples((kind, tile) =>
      model.pictures.get(kind, tile)
    );
    this.hint.setAttribute('role', 'status');
    this.el.append(
      this.head.node,
      this.hint,
      element('div', 'axons-Run-curves', this.loss.node, this.dice.node),
      element('div', 'axons-Run-below', this.examples.node, this.machine.node)
    );
  }

  /** Only what has changed is drawn anew. */
  private show(changed?: Changed): void {
    const { record } = this.model;
    this.showHint();
    this.head.show(record);
    if (changed?.has('metrics')) {
      this.showCurves();
    }
    if (changed?.has('resources')) {
      this.machine.show(record.usage);
    }
    if (record.news) {
      this.examples.show(record.news.examples);
    }
    this.el.dataset['epochs'] = String(record.epochs.length);
  }

  private showCurves(): void {
    const { record, scene } = this.model;
    const lines = record.epochs;
    const epochs = lines.map(({ epoch }) => epoch);
    const { best } = record;
    const losses: Series[] = [
      {
        name: 'training',
        colour: TRAINING,
        values: lines.map(({ loss }) => loss)
      },
      {
        name: 'validation',
        colour: VALIDATION,
        values: lines.map(line => line.validation_loss)
      }
    ];
    const scores = scene.classes.map(({ name, colour }, number): Series => ({
      name,
      colour,
      values: lines.map(line => line.validation_dice[number] ?? NaN)
    }));
    if (scores.length > 1) {
      scores.push({
        name: 'mean',
        colour: 'var(--jp-ui-font-color2)',
        dashed: true,
        values: lines.map(line => meanOf(line.validation_dice))
      });
    }
    this.loss.show({ epochs, series: losses, best });
    this.dice.show({ epochs, series: scores, best });
  }

  private showHint(): void {
    const { model } = this;
    const { news } = model.record;
    let text = model.problem;
    if (model.isCutOff) {
      text = news
        ? `The kernel has ended: this is the run as it was at ${clockText(news.now)}. Run the cell again to follow it.`
        : 'The kernel has ended: run the cell again to follow the run.';
    } else if (!news && !text) {
      text = 'Asking for the run …';
    }
    this.hint.textContent = text;
    this.hint.hidden = !text;
    this.el.classList.toggle('axons-mod-past', model.isCutOff);
  }

  // Backbone calls `render` after its constructor, so initial values are there.
  private readonly hint = element('div', 'axons-Run-hint');
  private readonly machine = new Machine();
  private lookAway: () => void = () => undefined;
  private giveKeysBack: () => void = () => undefined;
  declare private head: Head;
  declare private loss: Chart;
  declare private dice: Chart;
  declare private examples: Examples;
}
