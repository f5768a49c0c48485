/** The front end's side of an upload: the list of files is the kernel's, the files themselves are the browser's. */

import {
  DOMWidgetModel,
  type IBackboneModelOptions
} from '@jupyter-widgets/base';

import { MODULE } from '../module';
import { subshellOf } from '../subshell';
import {
  fromKernel,
  type FileRows,
  type FromKernel,
  type Limits,
  type ToKernel
} from './messages';
import { Transfer } from './transfer';

/** After this silence the kernel is asked where it is: messages can be lost with a connection. */
const ASK_AGAIN_MS = 10_000;

interface Sending {
  readonly file: File;
  readonly transfer: Transfer;
}

export class UploadModel extends DOMWidgetModel {
  override defaults() {
    return {
      ...super.defaults(),
      ...MODULE,
      _model_name: 'UploadModel',
      _view_name: 'UploadView',
      files: {},
      pictures: {},
      limits: { largest: 0, chunk: 1 << 20, in_flight: 4, free: 0 }
    };
  }

  override initialize(
    attributes: Backbone.ObjectHash,
    options: IBackboneModelOptions
  ): void {
    super.initialize(attributes, options);
    this.ready = subshellOf(this);
    this.sending = new Map();
    this.on('msg:custom', (content: unknown) => {
      const message = fromKernel(content);
      if (message) {
        this.receive(message);
      }
    });
    this.watch = setInterval(() => {
      for (const [id, { file, transfer }] of this.sending) {
        if (transfer.silence > ASK_AGAIN_MS) {
          this.offer(id, file);
        }
      }
    }, ASK_AGAIN_MS / 4);
  }

  get files(): FileRows {
    return this.get('files') as FileRows;
  }

  get limits(): Limits {
    return this.get('limits') as Limits;
  }

  picture(id: string): DataView | undefined {
    return (this.get('pictures') as Record<string, DataView>)[id];
  }

  /** Bytes of a file that have come, or null when this page does not send it. */
  received(id: string): number | null {
    return this.sending.get(id)?.transfer.received ?? null;
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const id = `f${Date.now().toString(36)}-${++this.added}`;
      this.sending.set(id, { file, transfer: this.transferOf(id, file) });
      void this.ready.then(() => {
        this.offer(id, file);
      });
    }
  }

  remove(id: string): void {
    this.stop(id);
    this.tell({ op: 'remove', id });
  }

  answer(id: string, name: string, pixelSizeUm: number | null): void {
    this.tell({ op: 'import', id, name, pixel_size_um: pixelSizeUm });
  }

  override async close(commClosed = false): Promise<void> {
    clearInterval(this.watch);
    for (const id of [...this.sending.keys()]) {
      this.stop(id);
    }
    await super.close(commClosed);
  }

  private offer(id: string, file: File): void {
    const { name, size, lastModified: modified } = file;
    this.tell({ op: 'offer', id, name: name.slice(0, 1000), size, modified });
  }

  private transferOf(id: string, file: File): Transfer {
    return new Transfer(file, this.limits, {
      chunk: (offset, bytes) => {
        this.tell({ op: 'chunk', id, offset }, [bytes]);
        this.trigger('progress', id);
      },
      finish: sha256 => {
        this.tell({ op: 'finish', id, sha256 });
      },
      failed: message => {
        console.warn(`Axons: ${file.name} cannot be read any more.`, message);
        this.remove(id);
      }
    });
  }

  private receive(message: FromKernel): void {
    const { id } = message;
    const transfer = this.sending.get(id)?.transfer;
    if (message.op === 'stop') {
      this.stop(id);
    } else if (message.op === 'accept') {
      void transfer?.start(message.offset);
    } else {
      transfer?.acknowledge(message.received);
      if (transfer && this.files[id]?.size === message.received) {
        this.trigger('progress', id);
      }
    }
  }

  private stop(id: string): void {
    this.sending.get(id)?.transfer.stop();
    this.sending.delete(id);
  }

  private tell(message: ToKernel, buffers: ArrayBuffer[] = []): void {
    this.send(message, {}, buffers);
  }

  declare private ready: Promise<void>;
  declare private sending: Map<string, Sending>;
  declare private watch: ReturnType<typeof setInterval>;
  private added = 0;
}
