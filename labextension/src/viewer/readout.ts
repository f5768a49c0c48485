/** Where the pointer is and what is there. The kernel is asked once the pointer rests, never per move. */

import { element } from '../dom';
import { positionText, sizeText, valueText } from './format';
import type { ValueAnswer } from './messages';
import type { Scene } from './scene';

const REST_MS = 120;

export type AskForValue = (
  x: number,
  y: number,
  answer: (value: ValueAnswer) => void
) => void;

export class Readout {
  readonly node = element('output', 'axons-Viewer-readout');

  constructor(
    private readonly scene: Scene,
    private readonly ask: AskForValue
  ) {
    this.point(null);
  }

  /** The pointer is at an image point, or off the image. */
  point(at: readonly [number, number] | null): void {
    clearTimeout(this.timer);
    this.at = at;
    if (!at) {
      const { width, height, pixel_size_um, dtype } = this.scene;
      this.node.textContent = sizeText(width, height, pixel_size_um, dtype);
      return;
    }
    const [x, y] = at;
    this.node.textContent = positionText(x, y, this.scene.pixel_size_um);
    this.timer = setTimeout(() => {
      this.ask(Math.floor(x), Math.floor(y), answer => {
        if (this.at === at) {
          this.node.textContent = `${positionText(x, y, this.scene.pixel_size_um)}  ·  ${this.text(answer)}`;
        }
      });
    }, REST_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.at = null;
  }

  private text({ values, labels }: ValueAnswer): string {
    const many = this.scene.channels.length > 1;
    const parts = values.map((value, i) => {
      const name = this.scene.channels[i]?.name ?? '';
      return many ? `${name} ${valueText(value)}` : `value ${valueText(value)}`;
    });
    const titles = new Map(this.scene.overlays.map(o => [o.id, o.title]));
    for (const [id, label] of Object.entries(labels)) {
      parts.push(`${titles.get(id) ?? id}: ${label}`);
    }
    return parts.join('  ·  ');
  }

  private timer: ReturnType<typeof setTimeout> | undefined;
  private at: readonly [number, number] | null = null;
}
