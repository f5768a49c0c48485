/** Live-wire: a polygon whose sides run along the edges of the picture. */

import { quantise, simplify, type Point } from '../geometry';
import { Wire, type CostMap } from '../livewire';
import { reasonOf } from '../requests';
import { Polygon } from './polygon';
import type { Spot } from './tool';

/** Corners of the wire lie this close to its way, in pixels. */
const TOLERANCE = 0.6;

export class LiveWire extends Polygon {
  override readonly name = 'livewire';

  /** Ask for the costs of this tile, once. */
  begin(): void {
    const { bench } = this;
    const { tile, tileNumber } = bench;
    if (this.askedFor === tile) {
      return;
    }
    this.askedFor = tile;
    this.map = null;
    bench
      .ask({ op: 'cost_map', tile: tileNumber })
      .then(({ arrays }) => {
        const cost = arrays.get('costs');
        if (cost instanceof Uint8Array && this.askedFor === tile) {
          this.map = { bounds: tile.bounds, cost };
        }
      })
      .catch((error: unknown) => {
        this.askedFor = null;
        bench.say(`There is no live-wire now: ${reasonOf(error)}`);
      });
  }

  override press(spot: Spot): void {
    this.begin();
    if (!this.map) {
      this.bench.say('The edges are being computed: wait a moment.');
    }
    super.press(spot);
  }

  override drag(): void {
    // Held or not, the wire finds its way itself.
  }

  override stepBack(): boolean {
    const count = this.counts.pop();
    if (count === undefined) {
      return false;
    }
    this.corners.splice(-count);
    this.wire = null;
    this.bench.redraw();
    return true;
  }

  override cancel(): boolean {
    this.wire = null;
    this.counts = [];
    return super.cancel();
  }

  protected override ahead(): readonly Point[] {
    const { pointer } = this;
    const start = this.corners[this.corners.length - 1];
    if (!pointer || !start || !this.map) {
      return super.ahead();
    }
    if (this.wire?.start !== start) {
      this.wire = new Wire(this.map, start);
    }
    return [...simplify(this.wire.to(pointer), TOLERANCE).slice(1), pointer];
  }

  protected override addCorner(at: Point): void {
    this.pointer = at;
    const way = this.corners.length ? this.ahead() : [at];
    this.counts.push(way.length);
    this.corners.push(
      ...way.map(([x, y]): Point => [quantise(x), quantise(y)])
    );
  }

  private askedFor: unknown = null;
  private map: CostMap | null = null;
  private wire: Wire | null = null;
  private counts: number[] = [];
}
