/**
 * The one visible canvas. It is drawn in an animation frame, and only when something has changed: the layers are put
 * on each other into a backing store, which is then shown with the marks of tool and selection on top. So the cost of
 * a frame does not depend on the number of labels.
 */

import { element } from '../../dom';
import { clamp, unite, type Point, type Rect } from '../geometry';
import { Viewport, type Place } from '../viewport';
import { contextOf, type Layer } from './layers';

/** Marks over the picture, in CSS pixels. */
export type Marks = (
  context: CanvasRenderingContext2D,
  viewport: Viewport
) => void;

/** A canvas that Python draws, lying over the tile from its top left. */
export interface Foreign {
  readonly canvas: HTMLCanvasElement;
}

const EMPTY: Rect = { x: 0, y: 0, width: 1, height: 1 };

export class Stage {
  readonly canvas = element('canvas', 'axons-Annotate-canvas');
  readonly node = element('div', 'axons-Annotate-stage', this.canvas);
  viewport = Viewport.fit(EMPTY, { width: 1, height: 1 });

  constructor(
    private readonly marks: Marks,
    private readonly moved: () => void
  ) {
    this.observer = new ResizeObserver(() => {
      this.resize();
    });
    this.observer.observe(this.node);
  }

  /** Show these layers, from the lowest to the highest; `place` null shows all of the tile. */
  show(layers: readonly Layer[], place: Place | null): void {
    this.layers = layers;
    const bounds = layers[0]?.bounds ?? EMPTY;
    const fitted = Viewport.fit(bounds, this.viewport.size);
    this.look(place ? fitted.at(place) : fitted);
  }

  setForeign(foreign: readonly Foreign[]): void {
    this.foreign = foreign;
    this.changed();
  }

  look(viewport: Viewport): void {
    this.viewport = viewport;
    this.fitted = false;
    this.changed();
    this.moved();
  }

  fit(): void {
    this.look(Viewport.fit(this.viewport.bounds, this.viewport.size));
    this.fitted = true;
  }

  /** Layers have changed: in a rectangle of the image, or somewhere. */
  changed(rect: Rect | null = null): void {
    this.dirty = rect && this.dirty !== 'all' ? unite(this.dirty, rect) : 'all';
    this.redraw();
  }

  /** Marks have changed. */
  redraw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** A position in CSS pixels from the canvas's top left. */
  positionOf(event: MouseEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  dispose(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (!width || !height) {
      return;
    }
    const first = this.viewport.size.width === 1;
    this.ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.backing]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.viewport = this.viewport.resized({ width, height });
    if (first || this.fitted) {
      this.viewport = Viewport.fit(this.viewport.bounds, { width, height });
      this.fitted = true;
    }
    this.changed();
    this.moved();
    // At once: a canvas that was given a size is empty, and would flicker until the next frame.
    this.draw();
  }

  private draw(): void {
    if (this.dirty) {
      this.compose(this.dirty === 'all' ? null : this.dirty);
      this.dirty = null;
    }
    const context = contextOf(this.canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    // Beside the tile nothing is drawn: what was there before has to go.
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.backing, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.marks(context, this.viewport);
  }

  /** Put the layers on each other, inside a rectangle of the image only where one is given. */
  private compose(rect: Rect | null): void {
    const context = contextOf(this.backing);
    const { viewport, ratio } = this;
    const scale = viewport.place.scale * ratio;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (rect) {
      this.clip(context, rect);
    }
    context.clearRect(0, 0, this.backing.width, this.backing.height);
    const [left, top] = viewport.toScreen([0, 0]);
    context.setTransform(scale, 0, 0, scale, left * ratio, top * ratio);
    // Pixels are to be seen as pixels, once they are as large as those of the screen.
    context.imageSmoothingEnabled = scale < 1;
    for (const { canvas, bounds } of this.layers) {
      context.drawImage(canvas, bounds.x, bounds.y);
    }
    const { bounds } = viewport;
    for (const { canvas } of this.foreign) {
      context.drawImage(
        canvas,
        bounds.x,
        bounds.y,
        bounds.width,
        bounds.height
      );
    }
    context.restore();
  }

  private clip(context: CanvasRenderingContext2D, rect: Rect): void {
    const { viewport, ratio } = this;
    const [l, t] = viewport.toScreen([rect.x - 1, rect.y - 1]);
    const [r, b] = viewport.toScreen([
      rect.x + rect.width + 1,
      rect.y + rect.height + 1
    ]);
    const [x, y] = [Math.floor(l * ratio), Math.floor(t * ratio)];
    const width = clamp(Math.ceil(r * ratio) - x, 0, 1e5);
    const height = clamp(Math.ceil(b * ratio) - y, 0, 1e5);
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
  }

  private layers: readonly Layer[] = [];
  private foreign: readonly Foreign[] = [];
  private dirty: Rect | 'all' | null = null;
  private frame = 0;
  private ratio = 1;
  private fitted = true;
  private readonly backing = document.createElement('canvas');
  private readonly observer: ResizeObserver;
}
