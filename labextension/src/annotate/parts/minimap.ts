/** The whole tile, small, with a frame around what the stage shows; shown while that is not all. */

import { element } from '../../dom';
import type { Picture } from '../stage/picture';
import type { Stage } from '../stage/stage';

const LONGEST = 130; // CSS pixels

export class MiniMap {
  readonly node = element('div', 'axons-Annotate-minimap');

  constructor(
    private readonly stage: Stage,
    private readonly picture: Picture
  ) {
    this.node.setAttribute('aria-hidden', 'true'); // Keyboard and readers have the picture itself.
    this.node.append(this.canvas, this.frame);
    this.node.addEventListener('pointerdown', event => {
      this.node.setPointerCapture(event.pointerId);
      this.go(event);
    });
    this.node.addEventListener('pointermove', event => {
      if (event.buttons & 1) {
        this.go(event);
      }
    });
  }

  /** Another tile or another contrast: draw the picture again. */
  build(): void {
    const source = this.picture.imageCanvas;
    if (!source) {
      return;
    }
    const scale = LONGEST / Math.max(source.width, source.height);
    this.canvas.width = Math.max(1, Math.round(source.width * scale));
    this.canvas.height = Math.max(1, Math.round(source.height * scale));
    this.canvas
      .getContext('2d')
      ?.drawImage(source, 0, 0, this.canvas.width, this.canvas.height);
    this.show();
  }

  show(): void {
    const { bounds, seen } = this.stage.viewport;
    const all = seen.width >= bounds.width && seen.height >= bounds.height;
    this.node.hidden = all;
    const scale = this.canvas.width / bounds.width;
    const left = Math.max(0, (seen.x - bounds.x) * scale);
    const top = Math.max(0, (seen.y - bounds.y) * scale);
    const right = (seen.x + seen.width - bounds.x) * scale;
    const bottom = (seen.y + seen.height - bounds.y) * scale;
    Object.assign(this.frame.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${Math.min(this.canvas.width, right) - left}px`,
      height: `${Math.min(this.canvas.height, bottom) - top}px`
    });
  }

  private go(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const { bounds, place } = this.stage.viewport;
    const scale = bounds.width / this.canvas.width;
    const x = bounds.x + (event.clientX - box.left) * scale;
    const y = bounds.y + (event.clientY - box.top) * scale;
    this.stage.look(this.stage.viewport.at({ x, y, scale: place.scale }));
  }

  private readonly canvas = element('canvas', '');
  private readonly frame = element('div', 'axons-Annotate-frame');
}
