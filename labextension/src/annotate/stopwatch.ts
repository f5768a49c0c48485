/** Active time: the time between actions, unless a break lies between them. */

/** Longer pauses do not count, in ms. */
const BREAK_MS = 10_000;

export class Stopwatch {
  constructor(private readonly now: () => number) {}

  /** The person does something. */
  touch(): void {
    const now = this.now();
    if (this.last !== null && now - this.last <= BREAK_MS) {
      this.pending += now - this.last;
    }
    this.last = now;
  }

  /** The active time since the last call, in whole ms. */
  take(): number {
    const taken = Math.floor(this.pending);
    this.pending -= taken;
    this.taken += taken;
    return taken;
  }

  /** The active time since the beginning, in ms. */
  get total(): number {
    return this.taken + this.pending;
  }

  private last: number | null = null;
  private pending = 0;
  private taken = 0;
}

export function timeText(seconds: number): string {
  const whole = Math.floor(seconds);
  const [h, m, s] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
