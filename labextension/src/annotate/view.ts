/** The annotation widget in a notebook: joins picture, tools and panels to the conversation with the kernel. */

import { DOMWidgetView } from '@jupyter-widgets/base';

import { KernelLink } from '../kernellink';
import { subshellOf } from '../subshell';
import { Annotator } from './annotator';
import { Actions } from './actions';
import type { Answer } from './answers';
import { run } from './commands';
import type { Event } from './conversation';
import { Cursor } from './cursor';
import { Feedback } from './feedback';
import { connectKeys, returnKeys } from './keyboard';
import { lead } from './leading';
import { REOPENING, type AnnotatorModel } from './model';
import { paintMarks } from './marks';
import { Tab } from './owners';
import { Parts } from './parts/parts';
import { Pointer } from './pointer';
import { OpQueue } from './queue';
import { reasonOf } from './requests';
import { Picture } from './stage/picture';
import { Stage } from './stage/stage';
import { Stopwatch } from './stopwatch';
import { Workbench } from './workbench';

const TICK_MS = 500;
/** A kernel that has not answered for this long is greeted again: messages can be lost with a connection. */
const ASK_AGAIN_MS = 30_000;

export class AnnotatorView extends DOMWidgetView {
  declare model: AnnotatorModel;

  override render(): void {
    super.render();
    const { model } = this;
    this.el.classList.add('axons-Annotate');
    // JupyterLab's shortcuts would take the keys.
    this.el.dataset['lmSuppressShortcuts'] = 'true';
    this.el.setAttribute('role', 'group');
    this.connectKernel();
    this.build();
    this.connectKeys();
    this.listenTo(model, 'change:feedback_canvas', () => {
      this.feedback.update();
    });
    this.feedback.update();
    this.annotator.preview(model.first).catch(this.fail);
    this.greet();
  }

  override remove(): void {
    clearInterval(this.tick);
    this.stage.dispose();
    this.link.dispose();
    this.tab.dispose();
    super.remove();
  }

  private connectKernel(): void {
    const { model } = this;
    this.link = new KernelLink(model, REOPENING);
    this.queue = new OpQueue(model.document, window.sessionStorage);
    this.tab = new Tab(this.queue);
    this.annotator = new Annotator(this.link, this.queue, () =>
      this.stopwatch.take()
    );
    this.link.answers.add(({ answer, buffers }) => {
      void this.annotator.receive(answer, buffers);
    });
    this.link.changed.add(() => {
      this.kernelChanged();
    });
    this.annotator.events.add(event => {
      this.take(event);
    });
    this.tick = setInterval(() => {
      this.showStatus();
      if (this.annotator.silence > ASK_AGAIN_MS && this.link.alive) {
        this.greet();
      }
    }, TICK_MS);
  }

  private build(): void {
    this.stage = new Stage(
      (context, viewport) => {
        paintMarks(context, viewport, this.bench);
        this.bench.tool.paint?.(context, viewport);
        this.cursor.paint(context, viewport);
      },
      () => {
        this.parts.moved();
      }
    );
    this.picture = new Picture(this.stage);
    this.bench = new Workbench(this.annotator, this.stage, this.picture);
    this.cursor = new Cursor(this.bench);
    this.pointer = new Pointer(this.stage, this.bench, () => {
      this.stopwatch.touch();
      this.cursor.hide();
      this.parts.status.point(this.pointer.at);
    });
    this.actions = new Actions(
      this.bench,
      this.model.document,
      () => this.cursor.at ?? this.pointer.at
    );
    this.feedback = new Feedback(this.model, this.stage, (there, shown) => {
      this.parts.showFeedback(there, shown);
    });
    this.parts = new Parts(this.bench, this.actions, this.toggleFeedback);
    this.el.append(...this.parts.nodes);
    this.bench.changed.add(() => {
      this.parts.show();
    });
    this.bench.said.add(({ text, bad }) => {
      this.say(text, bad);
    });
  }

  private connectKeys(): void {
    const view = {
      ...this.parts.commands,
      save: () => {
        this.save();
      }
    };
    returnKeys(this.el, this.stage.canvas);
    connectKeys(this.stage.canvas, {
      touched: () => {
        this.stopwatch.touch();
      },
      hold: panning => {
        this.pointer.panning = panning;
      },
      run: command => {
        if (this.annotator.tile) {
          run(command, this.bench, this.actions, this.cursor, view);
        }
      }
    });
  }

  private greet(): void {
    Promise.all([subshellOf(this.model), this.tab.settled])
      .then(() => this.annotator.greet())
      .catch(this.fail);
  }

  private save(): void {
    this.annotator
      .ask({ op: 'save' })
      .then(() => {
        this.say('Saved.');
      })
      .catch(this.fail);
  }

  private kernelChanged(): void {
    if (this.link.alive) {
      this.say('');
      this.greet();
    } else {
      this.say(
        this.link.revivable
          ? 'The kernel has stopped. What you draw is kept, and saved once it runs again.'
          : 'The kernel has stopped: run the cell again. What you draw is kept until then.',
        true
      );
    }
    this.showStatus();
  }

  private take(event: Event): void {
    switch (event.type) {
      case 'tile':
        this.showTile();
        break;
      case 'labels':
        this.picture.refresh(event.rect, true);
        this.bench.refresh();
        this.parts.show();
        this.stage.redraw();
        break;
      case 'message':
        this.say(event.text, event.bad);
        break;
      case 'show':
        lead(this.bench, event.tile, event.label);
        break;
      case 'status':
        this.parts.show();
        this.showStatus();
    }
  }

  private showTile(): void {
    const { state, tile, pixels } = this.annotator;
    if (!state || !tile) {
      return;
    }
    const keep = this.shown === state.tile;
    this.shown = state.tile;
    this.bench.contours.reset();
    this.picture.show(state, tile, pixels, keep);
    this.bench.refresh();
    this.parts.build();
    this.bench.tool.begin?.();
    this.el.setAttribute('aria-label', `Annotation of ${state.image.name}`);
    this.el.dataset['ready'] = String(this.annotator.greeted);
    requestAnimationFrame(() => {
      this.el.dataset['painted'] ??= String(performance.now());
    });
  }

  private say(text: string, bad = false): void {
    this.parts.status.say(text, bad);
  }

  private readonly toggleFeedback = () => {
    this.say(this.feedback.toggle());
  };

  private readonly fail = (error: unknown): void => {
    this.say(reasonOf(error), true);
  };

  private showStatus(): void {
    this.parts.status.show(this.link, this.stopwatch.total);
  }

  // Backbone calls `render` after its constructor, so initial values are there.
  private readonly stopwatch = new Stopwatch(() => performance.now());
  private shown: number | null = null;
  private tick: ReturnType<typeof setInterval> | undefined;
  declare private link: KernelLink<Answer>;
  declare private queue: OpQueue;
  declare private tab: Tab;
  declare private annotator: Annotator;
  declare private stage: Stage;
  declare private picture: Picture;
  declare private bench: Workbench;
  declare private pointer: Pointer;
  declare private cursor: Cursor;
  declare private actions: Actions;
  declare private feedback: Feedback;
  declare private parts: Parts;
}
