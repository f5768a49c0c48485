/** Who wants to know of something. */

export class Listeners<T> {
  /** Returns what ends the listening. */
  add(listener: (value: T) => void): () => void {
    this.all.add(listener);
    return () => {
      this.all.delete(listener);
    };
  }

  tell(value: T): void {
    for (const listener of [...this.all]) {
      listener(value);
    }
  }

  private readonly all = new Set<(value: T) => void>();
}
