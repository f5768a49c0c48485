/** A pointer that the keyboard moves: everything that is drawn with a mouse can be drawn with it. */

import { quantise, type Point } from './geometry';
import type { Spot } from './tools/tool';
import type { Viewport } from './viewport';
import type { Workbench } from './workbench';
import { strokeTwice } from './tools/marks';

/** One press of an arrow key, in CSS pixels; but a pixel of the image at least. */
const STEP = 4;
const MARGIN = 24;
const ARM = 9;

export class Cursor {
  constructor(private readonly bench: Workbench) {}

  /** Where it is; null while a mouse or pen is used. */
  at: Point | null = null;

  move(dx: number, dy: number): void {
    const { bench } = this;
    const { viewport, tile } = bench;
    const step = Math.max(1, STEP / viewport.place.scale);
    const [x, y] = this.at ?? viewport.toImage(viewport.middle);
    const [nx, ny] = tile.inside(x + dx * step, y + dy * step);
    this.at = [quantise(nx), quantise(ny)];
    bench.stage.look(viewport.showing(this.at, MARGIN));
    if (this.pressed) {
      bench.tool.drag?.([this.spot()]);
    } else {
      bench.tool.hover?.(this.spot());
    }
  }

  /** Press the button, or let it go. Tools that work by clicks are clicked. */
  press(): void {
    const { tool } = this.bench;
    this.at ??= this.bench.viewport.toImage(this.bench.viewport.middle);
    if (this.pressed) {
      this.pressed = false;
      tool.release?.(this.spot());
      return;
    }
    tool.press(this.spot());
    const clicked = ['polygon', 'livewire', 'point', 'fill', 'wand'];
    if (clicked.includes(tool.name) || tool.name === 'ellipse') {
      tool.release?.(this.spot());
      tool.hover?.(this.spot());
    } else {
      this.pressed = true;
    }
    this.bench.redraw();
  }

  /** A mouse or pen is used now. */
  hide(): void {
    this.at = null;
    this.pressed = false;
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    if (!this.at) {
      return;
    }
    const [x, y] = viewport.toScreen(this.at);
    const path = new Path2D();
    path.moveTo(x - ARM, y);
    path.lineTo(x + ARM, y);
    path.moveTo(x, y - ARM);
    path.lineTo(x, y + ARM);
    strokeTwice(context, path, this.pressed ? '#ffb300' : '#fff');
  }

  private spot(): Spot {
    const [x, y] = this.at ?? [0, 0];
    return { x, y, pressure: null, shift: false, alt: false };
  }

  private pressed = false;
}
