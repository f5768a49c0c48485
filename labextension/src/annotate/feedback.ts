/** The picture that Python lays over the tile: shown, unless a person hides it. */

import type { AnnotatorModel } from './model';
import type { Stage } from './stage/stage';

export class Feedback {
  /** `changed` is told whether there is a picture, and whether it is shown. */
  constructor(
    private readonly model: AnnotatorModel,
    private readonly stage: Stage,
    private readonly changed: (there: boolean, shown: boolean) => void
  ) {}

  /** There is another picture, or none. */
  update(): void {
    const { feedback } = this.model;
    this.stage.setForeign(feedback && this.shown ? [feedback] : []);
    if (feedback && feedback !== this.known) {
      feedback.on(
        'new-frame',
        () => {
          this.stage.changed();
        },
        this
      );
    }
    this.known = feedback;
    this.changed(feedback !== null, this.shown);
  }

  /** What to tell the user. */
  toggle(): string {
    if (!this.known) {
      return 'There is no feedback on this image: ask for it in Python, with show_feedback.';
    }
    this.shown = !this.shown;
    this.update();
    return this.shown ? 'The feedback is shown.' : 'The feedback is hidden.';
  }

  private shown = true;
  private known: AnnotatorModel['feedback'] = null;
}
