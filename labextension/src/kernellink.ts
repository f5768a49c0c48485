/**
 * The way to the kernel: the widget's own messages, or, after a restart of the kernel, a connection of its own to
 * what the new kernel has opened again from storage.
 */

import type { WidgetModel } from '@jupyter-widgets/base';
import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { Listeners } from './annotate/listeners';

const LOOK_MS = 500;

/** How a new kernel opens again what a widget was about. */
export interface Reopening<T> {
  /** The module of the library whose `register()` lets views connect to `target`. */
  readonly module: string;
  readonly target: string;
  /** What the kernel sends, or null for what is none of it. */
  readonly parse: (content: unknown) => T | null;
}

export class KernelLink<T> {
  readonly answers = new Listeners<{
    answer: T;
    buffers: readonly DataView[];
  }>();
  /** There is a kernel again, or none any more. */
  readonly changed = new Listeners<null>();

  constructor(
    private readonly model: WidgetModel,
    private readonly reopening: Reopening<T>
  ) {
    this.hear = (content: unknown, buffers: readonly DataView[]) => {
      const answer = reopening.parse(content);
      if (answer) {
        this.answers.tell({ answer, buffers });
      }
    };
    model.on('msg:custom', this.hear);
    this.watch = setInterval(() => {
      this.look();
    }, LOOK_MS);
  }

  get alive(): boolean {
    const { kernel } = this;
    const ended = kernel === null || Boolean(kernel?.isDisposed);
    const lives = !ended && kernel?.status !== 'dead';
    return lives && (this.model.comm_live || this.comm !== null);
  }

  /** Whether messages get through; else they wait until JupyterLab has connected again. */
  get connected(): boolean {
    return this.kernel?.connectionStatus === 'connected';
  }

  private get kernel(): Kernel.IKernelConnection | null | undefined {
    return (
      this.model.widget_manager as unknown as {
        kernel?: Kernel.IKernelConnection | null;
      }
    ).kernel;
  }

  /** Whether a kernel that was restarted can go on by itself. */
  get revivable(): boolean {
    return this.revival !== null;
  }

  /** What the widget had told, for a new kernel. */
  private get revival(): unknown {
    return (this.model.get('revive') as unknown) ?? null;
  }

  send(message: unknown): void {
    if (this.comm) {
      this.comm.send(message as never);
    } else {
      this.model.send(message as never, {});
    }
  }

  dispose(): void {
    clearInterval(this.watch);
    this.model.off('msg:custom', this.hear);
    this.comm?.dispose();
    this.comm = null;
  }

  private look(): void {
    const { alive } = this;
    if (alive !== this.before) {
      this.before = alive;
      this.changed.tell(null);
    }
    const { kernel } = this;
    if (alive || this.reviving || !kernel || !this.revivable) {
      return;
    }
    if (kernel.status === 'idle') {
      this.reviving = true;
      this.revive(kernel)
        .catch((error: unknown) => {
          console.warn('Axons: a new kernel could not open it again', error);
        })
        .finally(() => {
          this.reviving = false;
        });
    }
  }

  /** The new kernel opens the image again; the student runs no cell. */
  private async revive(kernel: Kernel.IKernelConnection): Promise<void> {
    const request = kernel.requestExecute({
      code: `import ${this.reopening.module} as _axons; _axons.register()`,
      silent: true,
      store_history: false
    });
    const { content } = await request.done;
    if (content.status !== 'ok') {
      throw new Error(JSON.stringify(content));
    }
    const comm = kernel.createComm(this.reopening.target);
    comm.onMsg = message => {
      this.hear(message.content.data, buffersOf(message));
    };
    comm.onClose = () => {
      this.comm = null;
    };
    await comm.open({ revive: this.revival } as never).done;
    this.comm = comm;
    kernel.statusChanged.connect(this.lost);
  }

  private readonly lost = (
    kernel: Kernel.IKernelConnection,
    status: string
  ): void => {
    if (/restarting|dead|terminating/.test(status)) {
      kernel.statusChanged.disconnect(this.lost);
      this.comm = null;
    }
  };

  private readonly hear: (
    content: unknown,
    buffers: readonly DataView[]
  ) => void;
  private readonly watch: ReturnType<typeof setInterval>;
  private comm: Kernel.IComm | null = null;
  private reviving = false;
  private before = true;
}

function buffersOf(message: KernelMessage.ICommMsgMsg): DataView[] {
  return (message.buffers ?? []).map(buffer =>
    buffer instanceof ArrayBuffer
      ? new DataView(buffer)
      : new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  );
}
