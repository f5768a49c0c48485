/** Raw pixels to what the screen shows: limits, colour and visibility per channel, added up. */

import type { Look } from '../viewer/scene';

export type Samples = Uint8Array | Uint16Array;

/** `samples` are (height, width, channels). */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly samples: Samples;
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
      const strength = strengths(samples, chosen.low, chosen.high, look.gamma);
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

/** One brightness per pixel for the wand: the mean of the channels, as shown. */
export function brightness(picture: Uint8ClampedArray): Uint8Array {
  const grey = new Uint8Array(picture.length / 4);
  for (let i = 0, from = 0; i < grey.length; i++, from += 4) {
    const sum =
      (picture[from] ?? 0) +
      (picture[from + 1] ?? 0) +
      (picture[from + 2] ?? 0);
    grey[i] = Math.round(sum / 3);
  }
  return grey;
}
