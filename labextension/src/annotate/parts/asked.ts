/** How far a model is that looks at the image. The nodes stay, so that the button keeps the focus. */

import { button, element } from '../../dom';
import type { Predicting } from '../answers';

export class Asked {
  readonly node = element('div', 'axons-Annotate-asked');

  constructor(stop: () => void) {
    this.stop = button(
      'Stop',
      'Stop the model; what it has done is kept',
      stop
    );
    this.what.setAttribute('role', 'status');
    this.node.hidden = true;
    this.node.append(
      this.what,
      this.bar,
      element('div', 'axons-Annotate-row', this.far, this.stop)
    );
  }

  show(now: Predicting | null): void {
    this.node.hidden = !now;
    if (!now) {
      return;
    }
    const what = `${now.model} is looking at the image. Go on drawing meanwhile.`;
    if (this.what.textContent !== what) {
      this.what.textContent = what;
      this.bar.setAttribute('aria-label', `${now.model} looks at the image`);
    }
    if (now.total) {
      this.bar.max = now.total;
      this.bar.value = now.tiles;
    } else {
      this.bar.removeAttribute('value');
    }
    this.far.textContent = farText(now);
    const whole = now.total > 0 && now.tiles === now.total;
    this.stop.disabled = whole || now.state === 'stopping';
  }

  private readonly what = element('p', '');
  private readonly bar = element('progress', 'axons-Annotate-progress');
  private readonly far = element('span', '');
  private readonly stop: HTMLButtonElement;
}

export function farText({ state, tiles, total }: Predicting): string {
  if (state === 'stopping') {
    return 'stopping after this tile';
  }
  if (!total) {
    return 'beginning';
  }
  const share = Math.floor((100 * tiles) / total);
  const rest = tiles === total ? ', putting it together' : '';
  return `${tiles} of ${total} tiles, ${share} %${rest}`;
}
