/** Raw pixels to what the screen shows: limits, colour and visibility per channel, added up. */

import type { Look } from '../viewer/scene';
import type { Numbers } from './blocks';

export type Samples = Uint8Array | Uint16Array;

/** `samples` are (height, width, channels); value = sample / `factor` + `offset`, per channel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly samples: Samples;
  readonly offset: readonly number[];
  readonly factor: readonly number[];
}

const STEPS = 65535;

/** Numbers as they came, (height, width, channels); floats are taken to 16 bits between the ends of `ranges`. */
export function pixelsOf(
  numbers: Numbers,
  width: number,
  height: number,
  ranges: readonly (readonly [number, number])[]
): Pixels {
  const channels = ranges.length;
  const size = { width, height, channels };
  if (numbers instanceof Uint8Array || numbers instanceof Uint16Array) {
    const offset = ranges.map(() => 0);
    const factor = ranges.map(() => 1);
    return { ...size, samples: numbers, offset, factor };
  }
  const offset = ranges.map(([low]) => low);
  const factor = ranges.map(([low, high]) => STEPS / (high - low || 1));
  const samples = Uint16Array.from(numbers, (value, i) => {
    const c = i % channels;
    return Math.round((value - (offset[c] ?? 0)) * (factor[c] ?? 1));
  });
  return { ...size, samples, offset, factor };
}

const STRENGTHS = 255;

/** Four bytes (red, green, blue, 255) per pixel. */
export function render(
  pixels: Pixels,
  look: Look
): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, channels, samples } = pixels;
  const sums = new Uint16Array(width * height * 3);
  for (let channel = 0; channel < channels; channel++) {
    const chosen = look.channels[channel];
    if (chosen?.visible) {
      const [offset, factor] = [
        pixels.offset[channel] ?? 0,
        pixels.factor[channel] ?? 1
      ];
      const strength = strengths(
        samples,
        (chosen.low - offset) * factor,
        (chosen.high - offset) * factor,
        look.gamma
      );
      add(sums, pixels, channel, strength, rgbOf(chosen.colour));
    }
  }
  const picture = new Uint8ClampedArray(width * height * 4);
  for (let i = 0, from = 0, to = 0; i < width * height; i++) {
    picture[to++] = sums[from++] ?? 0;
    picture[to++] = sums[from++] ?? 0;
    picture[to++] = sums[from++] ?? 0;
    picture[to++] = 255;
  }
  return picture;
}

/** For each value that a sample can have, how bright it is: 0 to 255. */
export function strengths(
  samples: Samples,
  low: number,
  high: number,
  gamma: number
): Uint8Array {
  const size = samples instanceof Uint8Array ? 256 : 65536;
  const width = Math.max(high - low, Number.EPSILON);
  return Uint8Array.from({ length: size }, (_, value) => {
    const share = Math.min(1, Math.max(0, (value - low) / width));
    return Math.round(STRENGTHS * share ** gamma);
  });
}

function add(
  sums: Uint16Array,
  { channels, samples }: Pixels,
  channel: number,
  strength: Uint8Array,
  [red, green, blue]: readonly [number, number, number]
): void {
  const [r, g, b] = [red, green, blue].map(part =>
    Uint8Array.from(
      { length: STRENGTHS + 1 },
      (_, i) => (i * part) / STRENGTHS + 0.5
    )
  ) as [Uint8Array, Uint8Array, Uint8Array];
  for (let from = channel, to = 0; from < samples.length; from += channels) {
    const s = strength[samples[from] ?? 0] ?? 0;
    sums[to] = (sums[to] ?? 0) + (r[s] ?? 0);
    sums[to + 1] = (sums[to + 1] ?? 0) + (g[s] ?? 0);
    sums[to + 2] = (sums[to + 2] ?? 0) + (b[s] ?? 0);
    to += 3;
  }
}

export function rgbOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
