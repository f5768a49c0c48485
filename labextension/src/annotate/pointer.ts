/**
 * Mouse, pen and touch on the stage: the pressed main button, pen tip or finger draws; space, the middle button or two
 * fingers move the picture; the wheel zooms while the view has the focus, or with Ctrl.
 */

import { quantise, distance, type Point } from './geometry';
import type { Stage } from './stage/stage';
import type { Spot } from './tools/tool';
import type { Workbench } from './workbench';

const WHEEL_RATE = 0.0015;
const LINE = 16; // CSS pixels of a wheel that counts in lines
const RADIUS_RATE = 0.002;

export class Pointer {
  /** Where the pointer is on the image; null when it is elsewhere. */
  at: Point | null = null;
  /** While the space bar is held. */
  panning = false;

  constructor(
    private readonly stage: Stage,
    private readonly bench: Workbench,
    private readonly moved: () => void
  ) {
    const { canvas } = stage;
    canvas.addEventListener('pointerdown', event => {
      this.down(event);
    });
    canvas.addEventListener('pointermove', event => {
      this.move(event);
    });
    for (const name of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(name, event => {
        this.up(event);
      });
    }
    canvas.addEventListener('pointerleave', () => {
      this.leave();
    });
    canvas.addEventListener('dblclick', event => {
      bench.tool.double?.(this.spot(event));
    });
    canvas.addEventListener('contextmenu', event => {
      event.preventDefault();
      bench.tool.finish?.();
    });
    canvas.addEventListener('wheel', event => {
      this.wheel(event);
    });
  }

  spot(event: MouseEvent): Spot {
    const [x, y] = this.stage.viewport.toImage(this.stage.positionOf(event));
    const pen = 'pointerType' in event && event.pointerType === 'pen';
    const pressure = pen ? (event as PointerEvent).pressure : null;
    const { shiftKey: shift, altKey: alt } = event;
    return { x: quantise(x), y: quantise(y), pressure, shift, alt };
  }

  private down(event: PointerEvent): void {
    const { canvas } = this.stage;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.stage.positionOf(event));
    if (event.pointerType === 'touch' && this.fingers.size > 1) {
      this.bench.tool.cancel?.();
      this.drawing = null;
      return;
    }
    const middle = event.button === 1;
    if (middle || (this.panning && event.button === 0)) {
      event.preventDefault();
      this.dragged = event.pointerId;
    } else if (event.button === 0) {
      this.drawing = event.pointerId;
      this.bench.tool.press(this.spot(event));
    }
  }

  private move(event: PointerEvent): void {
    const position = this.stage.positionOf(event);
    const before = this.fingers.get(event.pointerId);
    if (before && this.fingers.size > 1) {
      this.pinch(event.pointerId, before, position);
    } else if (before && this.dragged === event.pointerId) {
      this.stage.look(
        this.stage.viewport.pan(
          position[0] - before[0],
          position[1] - before[1]
        )
      );
    } else if (this.drawing === event.pointerId) {
      // What the browser has put together since the last frame: the path, not its ends.
      const parts = event.getCoalescedEvents();
      this.bench.tool.drag?.(
        (parts.length ? parts : [event]).map(part => this.spot(part))
      );
    } else {
      this.bench.tool.hover?.(this.spot(event));
    }
    if (before) {
      this.fingers.set(event.pointerId, position);
    }
    this.at = this.stage.viewport.toImage(position);
    this.moved();
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    if (this.dragged === event.pointerId) {
      this.dragged = null;
    }
    if (this.drawing !== event.pointerId) {
      return;
    }
    this.drawing = null;
    if (event.type === 'pointercancel') {
      this.bench.tool.cancel?.();
    } else {
      this.bench.tool.release?.(this.spot(event));
    }
  }

  private leave(): void {
    this.at = null;
    if (this.drawing === null) {
      this.bench.tool.hover?.(null);
    }
    this.moved();
  }

  private pinch(id: number, before: Point, now: Point): void {
    const other = [...this.fingers].find(([finger]) => finger !== id)?.[1];
    if (!other) {
      return;
    }
    const middle = (a: Point): Point => [
      (a[0] + other[0]) / 2,
      (a[1] + other[1]) / 2
    ];
    const [from, to] = [middle(before), middle(now)];
    const factor = distance(now, other) / Math.max(distance(before, other), 1);
    const moved = this.stage.viewport.pan(to[0] - from[0], to[1] - from[1]);
    this.stage.look(moved.zoom(factor, to));
  }

  private wheel(event: WheelEvent): void {
    const { canvas } = this.stage;
    const focused = canvas.ownerDocument.activeElement === canvas;
    if (!event.ctrlKey && !focused) {
      return; // The page scrolls.
    }
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE : 1;
    // Some systems turn the wheel sideways while Shift is held.
    const turned = (event.deltaY || event.deltaX) * unit;
    if (event.altKey || event.shiftKey) {
      const { radius } = this.bench.settings;
      this.bench.setRadius(radius * Math.exp(-turned * RADIUS_RATE));
      return;
    }
    const rate = event.ctrlKey ? 4 * WHEEL_RATE : WHEEL_RATE;
    const factor = Math.exp(-turned * rate);
    const at = this.stage.positionOf(event);
    this.stage.look(this.stage.viewport.zoom(factor, at));
  }

  private readonly fingers = new Map<number, Point>();
  private drawing: number | null = null;
  private dragged: number | null = null;
}
