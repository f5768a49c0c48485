/** Tools that are a single click: point, fill and magic wand. */

import { QUANTUM } from '../geometry';
import type { OpBody } from '../ops';
import type { Bench, Spot, Tool } from './tool';

export class Click implements Tool {
  readonly cursor = 'crosshair';

  constructor(
    readonly name: 'point' | 'fill' | 'wand',
    private readonly bench: Bench
  ) {}

  press({ x, y }: Spot): void {
    const { bounds } = this.bench.tile;
    const inside =
      x >= bounds.x &&
      y >= bounds.y &&
      x < bounds.x + bounds.width &&
      y < bounds.y + bounds.height;
    if (!inside) {
      this.bench.say('That is outside the tile: click inside it.');
      return;
    }
    const body = this.body(x, y);
    if (body) {
      this.bench.commit(body, this.name !== 'point');
    }
  }

  private body(x: number, y: number): OpBody | null {
    const { bench, name } = this;
    const { labelClass: label_class, tolerance, connected } = bench.settings;
    if (name === 'point') {
      const at = { x: Math.round(x * QUANTUM), y: Math.round(y * QUANTUM) };
      return { op: 'point', label_class, ...at };
    }
    const how = bench.painting();
    const pixel = { x: Math.floor(x), y: Math.floor(y) };
    if (!how) {
      return null;
    }
    return name === 'fill'
      ? { op: 'fill', ...how, ...pixel }
      : { op: 'wand', ...how, ...pixel, tolerance, connected };
  }
}
