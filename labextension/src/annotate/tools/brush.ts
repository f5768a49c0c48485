/** Brush and eraser: the pixels under the pointer's path. */

import { emptyMask, type Mask } from '../mask';
import type { Painting } from '../ops';
import { dab, reach, sweep, type Dab } from '../rasterise';
import type { Viewport } from '../viewport';
import { circle } from './marks';
import type { Bench, Spot, Tool } from './tool';

/** Ops have room for this many points; a longer stroke is sent in parts. */
const MAX_POINTS = 10_000;
/** How much of its radius a pen that hardly touches has. */
const LIGHTEST = 0.25;

interface Gesture {
  readonly how: Painting;
  readonly mask: Mask;
  readonly dabs: Dab[];
}

export class Brush implements Tool {
  readonly cursor = 'none';

  constructor(
    readonly name: 'brush' | 'eraser',
    private readonly bench: Bench
  ) {}

  press(spot: Spot): void {
    const how = this.bench.painting();
    if (!how) {
      return;
    }
    const mask = emptyMask(this.bench.tile.bounds);
    this.gesture = { how, mask, dabs: [] };
    this.drag([spot]);
  }

  drag(spots: readonly Spot[]): void {
    const { gesture, bench } = this;
    for (const spot of spots) {
      this.at = spot;
      if (gesture) {
        this.sweepTo(gesture, spot);
      }
    }
    if (this.at && (gesture?.dabs.length ?? 0) >= MAX_POINTS) {
      this.release();
      this.press(this.at);
    }
    bench.redraw();
  }

  release(): void {
    const { gesture, bench } = this;
    this.gesture = null;
    if (!gesture) {
      return;
    }
    const { dabs, how } = gesture;
    const radii = dabs.map(([, , radius]) => radius);
    const radius = radii[0] ?? 0;
    bench.commit(
      {
        op: 'stroke',
        ...how,
        points: dabs.flatMap(([x, y]) => [x, y]),
        radius,
        ...(radii.every(other => other === radius) ? {} : { radii })
      },
      how.mode === 'new'
    );
    bench.preview(null, null);
  }

  hover(spot: Spot | null): void {
    this.at = spot;
    this.bench.redraw();
  }

  cancel(): boolean {
    const { gesture } = this;
    this.gesture = null;
    this.bench.preview(null, gesture?.mask ?? null);
    return Boolean(gesture);
  }

  paint(context: CanvasRenderingContext2D, viewport: Viewport): void {
    if (this.at) {
      const radius = this.radius(this.at) * viewport.place.scale;
      circle(context, viewport.toScreen([this.at.x, this.at.y]), radius);
    }
  }

  private sweepTo({ dabs, mask, how }: Gesture, spot: Spot): void {
    const next = dab(spot.x, spot.y, this.radius(spot));
    const last = dabs[dabs.length - 1];
    if (last?.[0] === next[0] && last[1] === next[1]) {
      return;
    }
    dabs.push(next);
    sweep(mask, last ?? next, next);
    const fresh = this.bench.tile.nextId;
    this.bench.preview({ mask, how, fresh }, reach(last ?? next, next));
  }

  private radius({ pressure }: Spot): number {
    const { radius, pressure: wanted } = this.bench.settings;
    return wanted && pressure !== null
      ? radius * (LIGHTEST + (1 - LIGHTEST) * pressure)
      : radius;
  }

  private gesture: Gesture | null = null;
  private at: Spot | null = null;
}
