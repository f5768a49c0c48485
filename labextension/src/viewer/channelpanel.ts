/** Contrast of the image: limits, colour and visibility per channel, and gamma. */

import { button, checkbox, element, slider } from '../dom';
import { valueText } from './format';
import { withChannel, type Channel, type Look, type Scene } from './scene';

const GAMMA = { min: 0.2, max: 3, step: 0.05 };

export class ChannelPanel {
  readonly node = element('section', 'axons-Panel-section');

  constructor(
    private readonly scene: Scene,
    private look: Look,
    private readonly onChange: (look: Look) => void
  ) {
    this.node.setAttribute('aria-label', 'Contrast');
    this.build();
  }

  /** Take a look that was chosen elsewhere: in Python or in another view. */
  show(look: Look): void {
    if (JSON.stringify(look) !== JSON.stringify(this.look)) {
      this.look = look;
      this.build();
    }
  }

  private build(): void {
    const rows = this.scene.rgb
      ? [this.limitsRow(0, 'all colours')]
      : this.scene.channels.map((channel, i) => this.channelRow(channel, i));
    this.node.replaceChildren(
      element('h3', '', 'Contrast'),
      ...rows,
      this.gammaRow(),
      element(
        'div',
        'axons-Row',
        button('Auto', 'Stretch to the values that the image has', () => {
          this.stretch('auto');
        }),
        button('Full range', 'Values as they are', () => {
          this.stretch('range');
        })
      )
    );
  }

  private channelRow(channel: Channel, index: number): HTMLElement {
    const row = element('div', 'axons-Channel');
    if (this.scene.channels.length > 1) {
      const { visible, colour } = this.channel(index);
      const show = checkbox(channel.name, visible, checked => {
        this.change(withChannel(this.look, index, { visible: checked }));
      });
      const picker = element('input', 'axons-Colour');
      picker.type = 'color';
      picker.value = colour;
      picker.setAttribute('aria-label', `Colour of ${channel.name}`);
      picker.addEventListener('input', () => {
        this.change(withChannel(this.look, index, { colour: picker.value }));
      });
      row.append(element('div', 'axons-Row', show, picker));
    }
    row.append(this.limitsRow(index, channel.name));
    return row;
  }

  private limitsRow(index: number, name: string): HTMLElement {
    const { range } = this.scene.channels[index] ?? { range: [0, 1] as const };
    const whole = !this.scene.dtype.startsWith('float');
    const limit = (key: 'low' | 'high', word: string) => {
      const value = this.channel(index)[key];
      const output = element('output', '', valueText(value));
      const input = slider({
        label: `${word} limit of ${name}`,
        min: Math.min(range[0], value),
        max: Math.max(range[1], value),
        step: whole ? 1 : (range[1] - range[0]) / 1000 || 'any',
        value,
        onInput: chosen => {
          output.textContent = valueText(chosen);
          this.change(this.limited(index, key, chosen));
        }
      });
      return element(
        'label',
        'axons-Limit',
        element('span', '', word === 'lower' ? 'min' : 'max'),
        input,
        output
      );
    };
    return element('div', '', limit('low', 'lower'), limit('high', 'upper'));
  }

  private gammaRow(): HTMLElement {
    const output = element('output', '', this.look.gamma.toFixed(2));
    const input = slider({
      label: 'Gamma',
      ...GAMMA,
      value: this.look.gamma,
      onInput: gamma => {
        output.textContent = gamma.toFixed(2);
        this.change({ ...this.look, gamma });
      }
    });
    const word = element('span', '', 'gamma');
    return element('label', 'axons-Limit', word, input, output);
  }

  /** One limit changed; the three colours of a colour picture share theirs. */
  private limited(index: number, key: 'low' | 'high', value: number): Look {
    const indices = this.scene.rgb
      ? this.scene.channels.map((_, i) => i)
      : [index];
    return indices.reduce(
      (look, i) => withChannel(look, i, { [key]: value }),
      this.look
    );
  }

  /** New limits for all channels; the three colours of a colour picture share the widest. */
  private stretch(to: 'auto' | 'range'): void {
    const limits = this.scene.channels.map(channel => channel[to]);
    const widest: [number, number] = [
      Math.min(...limits.map(([low]) => low)),
      Math.max(...limits.map(([, high]) => high))
    ];
    const channels = this.look.channels.map((channel, i) => {
      const [low, high] = (this.scene.rgb ? null : limits[i]) ?? widest;
      return { ...channel, low, high };
    });
    this.change({ channels, gamma: 1 });
    this.build();
  }

  private channel(index: number) {
    const found = this.look.channels[index];
    if (!found) {
      throw new RangeError(`${this.scene.name} has no channel ${index}.`);
    }
    return found;
  }

  private change(look: Look): void {
    this.look = look;
    this.onChange(look);
  }
}
