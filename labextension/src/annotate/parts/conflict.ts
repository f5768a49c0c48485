/** The notice that another notebook has saved the same image, and the choice of what to do. */

import { button, element } from '../../dom';
import { reasonOf } from '../requests';
import type { Workbench } from '../workbench';

export class Conflict {
  readonly node = element('div', 'axons-Annotate-notice');

  constructor(private readonly bench: Workbench) {
    this.node.setAttribute('role', 'alert');
    this.node.hidden = true;
    this.node.append(
      this.text,
      button(
        'Keep both',
        'Keep the labels of both; what both have changed stands twice',
        () => {
          this.resolve('keep_both');
        }
      ),
      button(
        'Take theirs',
        'Take the labels that were saved elsewhere, and drop what is not saved here',
        () => {
          this.resolve('reload');
        }
      )
    );
  }

  show(): void {
    const { saved } = this.bench.annotator;
    this.node.hidden = !saved?.conflict;
    this.text.textContent =
      saved?.error ??
      'This image was annotated in another tab or notebook meanwhile. Nothing is overwritten: choose what to keep.';
  }

  private resolve(choice: 'reload' | 'keep_both'): void {
    this.bench
      .ask({ op: 'resolve', choice })
      .then(() => this.bench.annotator.open(this.bench.tileNumber))
      .catch((error: unknown) => {
        this.bench.say(reasonOf(error), true);
      });
  }

  private readonly text = element('span', '');
}
