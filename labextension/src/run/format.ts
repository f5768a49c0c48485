/** Numbers and times as they are read at a glance. */

/** 45 s, 3 min 20 s, 1 h 5 min. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? joined(minutes, 'min', whole % 60, 's')
    : joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joined(
  large: number,
  unit: string,
  small: number,
  smallUnit: string
): string {
  return small ? `${large} ${unit} ${small} ${smallUnit}` : `${large} ${unit}`;
}

/** Three digits that count: 0.00123, 0.876, 12.3, 4560. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size >= 1000) {
    return value.toFixed(0);
  }
  return size !== 0 && size < 1e-3
    ? value.toExponential(1)
    : value.toPrecision(3);
}

/** Dice and the like, 0 to 1. */
export function scoreText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : '–';
}

export function percentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}

export function memoryText(mb: number): string {
  return mb < 1000 ? `${Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`;
}

/** The hour of a time in seconds since 1970, where the person is. */
export function clockText(time: number): string {
  return new Date(time * 1000).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit'
  });
}
