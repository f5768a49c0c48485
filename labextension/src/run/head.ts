/** How far the run is, what it says, and the buttons that ask it for something. */

import { button, element } from '../dom';
import { clockText, durationText, percentText } from './format';
import type { News, Request } from './messages';
import type { RunRecord } from './record';
import type { Scene } from './scene';

export type Act = (op: 'ask' | 'withdraw', request: Request) => void;

const NOTES = 6;
const WORDS: Readonly<Record<string, string>> = {
  starting: 'starting',
  running: 'training',
  paused: 'paused',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed'
};

export class Head {
  readonly node = element('header', 'axons-Run-head');

  constructor(
    private readonly scene: Scene,
    private readonly act: Act
  ) {
    this.pause = button('Pause', 'Pause the training', () => {
      this.act(this.asked === 'pause' ? 'withdraw' : 'ask', 'pause');
    });
    this.after = button('Stop after this epoch', '', () => {
      const taken = this.asked === 'stop_after_epoch';
      this.act(taken ? 'withdraw' : 'ask', 'stop_after_epoch');
    });
    this.stop = button('Stop', 'Stop now; the best model is kept', () => {
      this.act('ask', 'stop');
    });
    this.buttons.append(this.pause, this.after, this.stop);
    this.buttons.setAttribute('role', 'toolbar');
    this.buttons.setAttribute('aria-label', 'Training');
    this.bar.max = 1;
    this.bar.setAttribute('aria-label', 'Progress of the training');
    this.state.setAttribute('role', 'status');
    this.alert.setAttribute('role', 'alert');
    this.node.append(
      element(
        'div',
        'axons-Run-line',
        element('strong', 'axons-Run-name', scene.name),
        this.state,
        this.how,
        this.buttons
      ),
      this.bar,
      this.alert,
      this.notes
    );
    this.facts();
  }

  show(record: RunRecord): void {
    const { news } = record;
    if (!news) {
      return;
    }
    this.asked = news.asked;
    this.state.textContent = WORDS[news.state] ?? news.state;
    this.state.dataset['state'] = news.state;
    const progress = record.progress(this.scene.facts['epochs'] ?? 1);
    this.bar.value = progress;
    this.bar.hidden = record.hasEnded;
    this.how.textContent = this.sentence(record, progress);
    this.showButtons(record);
    const trouble = troubleOf(news, record.hasEnded);
    this.alert.hidden = !trouble;
    setText(this.alert, trouble);
    this.showNotes(record);
  }

  private sentence(record: RunRecord, progress: number): string {
    const { news, epochs } = record;
    const last = epochs.at(-1);
    const done = last ? `epoch ${last.epoch}` : 'first epoch';
    const planned = this.scene.facts['epochs'];
    const parts = [planned ? `${done} of ${planned}` : done];
    if (record.hasEnded) {
      parts.push(last ? durationText(last.seconds) : '', news?.message ?? '');
      if (news?.state === 'failed') {
        parts.splice(1);
      } else if (news?.advice) {
        parts.push(news.advice);
      }
    } else {
      const goesOn = news?.state !== 'paused';
      const left = goesOn ? this.left(news?.left_s ?? null) : '';
      parts.push(percentText(progress), left);
    }
    return parts.filter(Boolean).join('  ·  ');
  }

  private left(seconds: number | null): string {
    const longest = this.scene.facts['max_minutes'];
    if (seconds !== null) {
      return `about ${durationText(seconds)} left`;
    }
    return longest ? `at most ${durationText(60 * longest)}` : '';
  }

  private showButtons(record: RunRecord): void {
    const { asked } = this;
    const stopping = asked === 'stop';
    this.buttons.hidden = record.hasEnded;
    const paused = asked === 'pause';
    this.pause.textContent = paused ? 'Resume' : 'Pause';
    this.pause.setAttribute(
      'aria-label',
      paused ? 'Go on with the training' : 'Pause the training'
    );
    const after = asked === 'stop_after_epoch';
    this.after.setAttribute('aria-pressed', String(after));
    const label = after
      ? 'It stops after this epoch; press again to go on'
      : 'Stop when this epoch has ended; the best model is kept';
    this.after.title = label;
    this.after.setAttribute('aria-label', `Stop after this epoch. ${label}`);
    this.stop.textContent = stopping ? 'Stopping …' : 'Stop';
    for (const one of [this.pause, this.after, this.stop]) {
      one.disabled = stopping;
    }
  }

  private showNotes(record: RunRecord): void {
    const { notes } = record;
    this.notes.hidden = !notes.length;
    if (notes.length !== this.noted) {
      this.noted = notes.length;
      this.notes.replaceChildren(
        ...notes
          .slice(-NOTES)
          .map(({ time, text }) =>
            element('li', '', element('time', '', clockText(time)), ` ${text}`)
          )
      );
    }
  }

  private facts(): void {
    const { training_set, facts } = this.scene;
    const said = Object.entries(facts).map(
      ([name, value]) => `${name.replace('_', ' ')} ${value}`
    );
    this.node.title = [`training set ${training_set}`, ...said].join('\n');
  }

  private readonly state = element('span', 'axons-Run-state');
  private readonly how = element('span', 'axons-Run-how');
  private readonly buttons = element('span', 'axons-Run-buttons');
  private readonly bar = element('progress', 'axons-Run-bar');
  private readonly alert = element('p', 'axons-Run-alert');
  private readonly notes = element('ul', 'axons-Run-notes');
  private readonly pause: HTMLButtonElement;
  private readonly after: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private asked = 'go';
  private noted = -1;
}

/** That a run has died, or may have; "" when all is well. */
function troubleOf({ state, message, advice }: News, ended: boolean): string {
  if (state !== 'failed') {
    return ended ? '' : advice;
  }
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  const end = /[.!?]$/.test(sentence) ? '' : '.';
  return `${sentence}${end} ${advice}`.trim();
}

/** An alert is read aloud when its text is set: only when it is another one. */
function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}
