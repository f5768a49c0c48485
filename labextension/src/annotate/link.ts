/**
 * The way to the kernel: the widget's own messages, or, after a restart of the kernel, a connection of its own to
 * what the new kernel has opened again from storage.
 */

import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { parseAnswer } from './answers';
import type { Answer } from './answers';
import type { Link } from './conversation';
import { Listeners } from './listeners';
import type { AnnotatorModel } from './model';

const TARGET = 'axons-annotator';
const REGISTER =
  'import axons_kernel.widget.reviving as _axons; _axons.register()';
const LOOK_MS = 500;

export class KernelLink implements Link {
  readonly answers = new Listeners<{
    answer: Answer;
    buffers: readonly DataView[];
  }>();
  /** There is a kernel again, or none any more. */
  readonly changed = new Listeners<null>();

  constructor(private readonly model: AnnotatorModel) {
    this.hear = (content: unknown, buffers: readonly DataView[]) => {
      const answer = parseAnswer(content);
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
    return this.model.comm_live || this.comm !== null;
  }

  /** Whether a kernel that was restarted can go on by itself. */
  get revivable(): boolean {
    return this.model.revive !== null;
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
    const { kernel } = this.model;
    if (alive || this.reviving || !kernel || !this.revivable) {
      return;
    }
    if (kernel.status === 'idle') {
      this.reviving = true;
      this.revive(kernel)
        .catch((error: unknown) => {
          console.warn(
            'Axons: the annotation could not be opened again',
            error
          );
        })
        .finally(() => {
          this.reviving = false;
        });
    }
  }

  /** The new kernel opens the image again; the student runs no cell. */
  private async revive(kernel: Kernel.IKernelConnection): Promise<void> {
    const request = kernel.requestExecute({
      code: REGISTER,
      silent: true,
      store_history: false
    });
    const { content } = await request.done;
    if (content.status !== 'ok') {
      throw new Error(JSON.stringify(content));
    }
    const comm = kernel.createComm(TARGET);
    comm.onMsg = message => {
      this.hear(message.content.data, buffersOf(message));
    };
    comm.onClose = () => {
      this.comm = null;
    };
    await comm.open({ revive: this.model.revive } as never).done;
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
