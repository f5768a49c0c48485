/**
 * The front end's side of a live view. It asks the kernel what is new, about once a second while somebody looks, and
 * keeps what it was told: after the kernel has ended, the last state is still there.
 */

import {
  DOMWidgetModel,
  type IBackboneModelOptions
} from '@jupyter-widgets/base';

import { KernelLink } from '../kernellink';
import { MODULE } from '../module';
import { subshellOf } from '../subshell';
import { fromKernel, type FromKernel, type ToKernel } from './messages';
import { Pictures } from './pictures';
import { RunRecord } from './record';
import type { Scene } from './scene';

const REOPENING = {
  module: 'axons_kernel.widget.run_reviving',
  target: 'axons-run',
  parse: fromKernel
};
const TICK_MS = 250;
/** A run that has ended changes only when it is resumed. */
const SELDOM = 5;
/** A kernel that has not answered for this long is asked again: messages can be lost with a connection. */
const ASK_AGAIN_MS = 15_000;

export class RunModel extends DOMWidgetModel {
  override defaults() {
    return {
      ...super.defaults(),
      ...MODULE,
      _model_name: 'RunModel',
      _view_name: 'RunView',
      scene: null,
      revive: null
    };
  }

  override initialize(
    attributes: Backbone.ObjectHash,
    options: IBackboneModelOptions
  ): void {
    super.initialize(attributes, options);
    this.record = new RunRecord();
    this.pictures = new Pictures((id, kind, tile) => {
      this.tell({ op: 'picture', id, kind, tile });
    });
    this.problem = '';
    this.looking = 0;
    this.asked = -Infinity;
    this.waits = false;
    this.ready = subshellOf(this);
    this.link = new KernelLink(this, REOPENING);
    this.link.answers.add(({ answer, buffers }) => {
      this.receive(answer, buffers);
    });
    this.link.changed.add(() => {
      this.waits = false;
      this.asked = -Infinity;
      this.pictures.forgetWaiting();
      this.trigger('news');
    });
    this.watch = setInterval(() => {
      this.askWhenDue();
    }, TICK_MS);
  }

  get scene(): Scene {
    return this.get('scene') as Scene;
  }

  /** Nobody answers: the kernel has ended. What is shown is the last that was known. */
  get isCutOff(): boolean {
    return !this.link.alive;
  }

  /** A view is there that wants news; returns what ends that. */
  look(): () => void {
    this.looking++;
    return () => {
      this.looking--;
    };
  }

  tell(message: ToKernel): void {
    void this.ready.then(() => {
      if (this.link.alive) {
        this.link.send(message);
      }
    });
  }

  override async close(commClosed = false): Promise<void> {
    clearInterval(this.watch);
    this.link.dispose();
    this.pictures.dispose();
    await super.close(commClosed);
  }

  private askWhenDue(): void {
    const since = performance.now() - this.asked;
    const every = 1000 * this.scene.every_s;
    const pace = this.record.hasEnded ? SELDOM * every : every;
    const due = since >= (this.waits ? ASK_AGAIN_MS : pace);
    if (due && this.looking && !document.hidden && this.link.alive) {
      this.ask();
    }
  }

  private ask(): void {
    this.asked = performance.now();
    this.waits = true;
    this.tell({ op: 'news', known: this.record.known });
  }

  private receive(answer: FromKernel, buffers: readonly DataView[]): void {
    switch (answer.op) {
      case 'news':
        this.waits = false;
        this.problem = '';
        this.trigger('news', this.record.take(answer));
        break;
      case 'picture':
        this.pictures.receive(answer.id, buffers[0]);
        break;
      case 'noted':
        this.ask();
        break;
      case 'failed':
        if (answer.id !== null) {
          this.pictures.fail(answer.id, answer.message);
        } else {
          this.waits = false;
          this.problem = answer.message;
          this.trigger('news');
        }
    }
  }

  // Backbone calls `initialize` from its constructor: an initial value here would come after it.
  declare record: RunRecord;
  declare pictures: Pictures;
  /** Why the last question was not answered. */
  declare problem: string;
  declare private looking: number;
  declare private asked: number;
  declare private waits: boolean;
  declare private ready: Promise<void>;
  declare private link: KernelLink<FromKernel>;
  declare private watch: ReturnType<typeof setInterval>;
}
