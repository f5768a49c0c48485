/** What a run is: `scene` of the widget, which does not change while the run goes on. */

export interface LabelClass {
  readonly name: string;
  readonly colour: string;
}

export interface Scene {
  readonly name: string;
  readonly training_set: string;
  readonly started: string;
  /** Seconds between two questions for news. */
  readonly every_s: number;
  readonly classes: readonly LabelClass[];
  /** Settings worth showing, as epochs, batch, max_minutes. */
  readonly facts: Readonly<Record<string, number>>;
}
