/** The front end's side of a viewer: its state is the kernel's, its tiles come by messages. */

import {
  DOMWidgetModel,
  type IBackboneModelOptions
} from '@jupyter-widgets/base';
import type { JSONObject } from '@lumino/coreutils';

import { MODULE } from '../module';
import { subshellOf } from '../subshell';
import { fromKernel, type ToKernel, type ValueAnswer } from './messages';
import type { Look, OverlayLooks, Place, Scene } from './scene';
import { TileQueue } from './tilequeue';

/** A kernel that has not answered for this long is asked again: messages can be lost with a connection. */
const ASK_AGAIN_MS = 60_000;

/** What a widget manager of JupyterLab tells of its kernel. */
interface Kernel {
  readonly isDisposed: boolean;
  readonly status: string;
}

export class ViewerModel extends DOMWidgetModel {
  override defaults() {
    return {
      ...super.defaults(),
      ...MODULE,
      _model_name: 'ViewerModel',
      _view_name: 'ViewerView',
      scene: null,
      look: { channels: [], gamma: 1 },
      overlays: {},
      place: null,
      revision: 0
    };
  }

  override initialize(
    attributes: Backbone.ObjectHash,
    options: IBackboneModelOptions
  ): void {
    super.initialize(attributes, options);
    this.ready = subshellOf(this);
    this.tiles = new TileQueue(
      message => {
        this.tell(message);
      },
      work => {
        void this.ready.then(() => requestAnimationFrame(work));
      }
    );
    this.on('msg:custom', (content: unknown, buffers: DataView[]) => {
      this.receive(content, buffers);
    });
    this.watch = setInterval(() => {
      if (this.tiles.silence > ASK_AGAIN_MS) {
        this.tiles.askAgain();
      }
    }, ASK_AGAIN_MS / 4);
  }

  get scene(): Scene {
    return this.get('scene') as Scene;
  }

  get look(): Look {
    return this.get('look') as Look;
  }

  get overlays(): OverlayLooks {
    return this.get('overlays') as OverlayLooks;
  }

  get place(): Place {
    return this.get('place') as Place;
  }

  /** Put a value into the shared state; kept by the kernel, seen by every view. */
  choose(
    key: 'look' | 'overlays' | 'place',
    value: Look | OverlayLooks | Place
  ) {
    this.set(key, value);
    this.save_changes();
  }

  /** The pixel's values; only the last question is answered. */
  askForValue(x: number, y: number, answer: (value: ValueAnswer) => void) {
    this.question = { id: this.question.id + 1, answer };
    const { id } = this.question;
    void this.ready.then(() => {
      this.tell({ op: 'value', id, x, y });
    });
  }

  /** Nobody answers any more: the kernel has ended or was started anew. */
  get isCutOff(): boolean {
    const { kernel } = this.widget_manager as { kernel?: Kernel | null };
    const ended = kernel === null || kernel?.isDisposed;
    return !this.comm_live || Boolean(ended) || kernel?.status === 'dead';
  }

  override async close(commClosed = false): Promise<void> {
    clearInterval(this.watch);
    this.tiles.dispose();
    await super.close(commClosed);
  }

  private tell(message: ToKernel): void {
    this.send(message as unknown as JSONObject, {});
  }

  private receive(content: unknown, buffers: readonly DataView[]): void {
    const answer = fromKernel(content);
    if (answer?.op === 'value' && answer.id === this.question.id) {
      this.question.answer(answer);
    } else if (answer) {
      this.tiles.receive(answer, buffers);
    }
  }

  // Backbone calls `initialize` from its constructor: an initial value here would come after it.
  declare tiles: TileQueue;
  declare private ready: Promise<void>;
  declare private watch: ReturnType<typeof setInterval>;
  private question: { id: number; answer: (value: ValueAnswer) => void } = {
    id: 0,
    answer: () => undefined
  };
}
