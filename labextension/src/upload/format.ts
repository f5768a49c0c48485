/** A number of bytes as a person reads it: 3.1 GB. */
export function sizeText(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB']) {
    if (value < 1000) {
      return `${Number(value.toPrecision(3))} ${unit}`;
    }
    value /= 1000;
  }
  return `${Number(value.toPrecision(3))} GB`;
}
