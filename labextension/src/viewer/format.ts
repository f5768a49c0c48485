/** Numbers as a microscopist writes them. */

const MICRO = 'µm';

/** A length in the unit that suits it: 350 nm, 12.5 µm, 1.2 mm. */
export function lengthText(um: number): string {
  const size = Math.abs(um);
  if (size !== 0 && size < 1) {
    return `${significant(um * 1000)} nm`;
  }
  return size < 1000
    ? `${significant(um)} ${MICRO}`
    : `${significant(um / 1000)} mm`;
}

/** A position in µm, with as many decimals as one pixel is worth. */
export function positionText(
  x: number,
  y: number,
  pixelSizeUm: number
): string {
  const decimals = Math.min(
    4,
    Math.max(0, Math.ceil(-Math.log10(pixelSizeUm)) + 1)
  );
  const um = [x, y].map(value => (value * pixelSizeUm).toFixed(decimals));
  return `x ${Math.floor(x)}, y ${Math.floor(y)} px  ·  ${um.join(', ')} ${MICRO}`;
}

/** A pixel's value: whole numbers as they are, others with five digits. */
export function valueText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(5)));
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** What the image is, for when nothing is pointed at. */
export function sizeText(
  width: number,
  height: number,
  pixelSizeUm: number,
  dtype: string
): string {
  const sides = [width, height].map(side => lengthText(side * pixelSizeUm));
  return `${width} × ${height} px  ·  ${sides.join(' × ')}  ·  ${dtype}`;
}

export interface ScaleBar {
  readonly pixels: number;
  readonly label: string;
}

/**
 * The longest bar of 1, 2 or 5 times a power of ten µm that fits into `longest` screen pixels.
 * `umPerPixel` is µm per screen pixel.
 */
export function scaleBar(umPerPixel: number, longest: number): ScaleBar | null {
  const room = umPerPixel * longest;
  if (!(room > 0) || !Number.isFinite(room)) {
    return null;
  }
  const power = 10 ** Math.floor(Math.log10(room));
  const step = [5, 2, 1].find(factor => factor * power <= room) ?? 1;
  const um = step * power;
  return { pixels: um / umPerPixel, label: lengthText(um) };
}

/** Screen pixels per image pixel, as in "12.5 %" or "400 %". */
export function zoomText(zoom: number): string {
  return `${significant(zoom * 100)} %`;
}
