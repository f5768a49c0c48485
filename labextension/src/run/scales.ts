/** From values to places on a drawing, with ticks that people like to read. */

export interface Tick {
  readonly value: number;
  readonly text: string;
}

export interface Scale {
  /** 0 at the low end, 1 at the high end. */
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

/** A scale over [low, high] with about `count` ticks at 1, 2 or 5 times a power of ten; `whole` for counts. */
export function linear(
  low: number,
  high: number,
  count: number,
  whole = false
): Scale {
  const span = high - low || 1;
  let step = niceStep(span / count);
  if (whole) {
    step = Math.max(1, step);
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks: Tick[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9; n++) {
    ticks.push({ value: n * step, text: (n * step).toFixed(decimals) });
  }
  return { at: value => (value - low) / span, ticks };
}

/** A scale of powers of ten over [low, high], both above 0. */
export function logarithmic(low: number, high: number): Scale {
  const [start, end] = [Math.log10(low), Math.log10(high)];
  const span = end - start || 1;
  const factors = span > 2 ? [1] : span > 0.7 ? [1, 2, 5] : [1, 2, 3, 4, 5, 7];
  const ticks: Tick[] = [];
  for (let power = Math.floor(start); power <= end; power++) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) {
        ticks.push({ value, text: String(Number(value.toPrecision(2))) });
      }
    }
  }
  return { at: value => (Math.log10(value) - start) / span, ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find(f => f * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

export type Point = readonly [x: number, y: number];

/**
 * The `d` of an SVG path through points in the order of x; where there are more than two per pixel, only the lowest
 * and the highest of each pixel are drawn, so that no peak is lost. Points that are no numbers leave a gap.
 */
export function pathOf(points: readonly Point[], width: number): string {
  const drawn = points.length > 2 * width ? thinned(points) : points;
  let path = '';
  let pen = 'M';
  for (const [x, y] of drawn) {
    if (Number.isFinite(y)) {
      path += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = 'L';
    } else {
      pen = 'M';
    }
  }
  return path;
}

function thinned(points: readonly Point[]): Point[] {
  const columns = new Map<number, { low: Point; high: Point }>();
  for (const point of points) {
    const [x, y] = point;
    const column = columns.get(Math.round(x));
    if (!column) {
      columns.set(Math.round(x), { low: point, high: point });
    } else if (y < column.low[1]) {
      column.low = point;
    } else if (y > column.high[1]) {
      column.high = point;
    }
  }
  return [...columns.values()].flatMap(({ low, high }) =>
    low[0] <= high[0] ? [low, high] : [high, low]
  );
}
