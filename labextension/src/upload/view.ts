/** A field to drop files into, and the list of those that came. */

import { DOMWidgetView } from '@jupyter-widgets/base';

import { element } from '../dom';
import { sizeText } from './format';
import type { UploadModel } from './model';
import { fileRow } from './row';

const OVER = 'axons-mod-over';

export class UploadView extends DOMWidgetView {
  declare model: UploadModel;

  override render(): void {
    super.render();
    this.el.classList.add('axons-Upload');
    this.el.setAttribute('role', 'group');
    this.el.setAttribute('aria-label', 'Upload images');
    this.list.setAttribute('aria-live', 'polite');
    this.el.append(this.field(), this.list);
    this.listenTo(this.model, 'change:files change:pictures', () => {
      this.show();
    });
    this.listenTo(this.model, 'progress', (id: string) => {
      this.showProgress(id);
    });
    this.show();
  }

  private field(): HTMLElement {
    const input = element('input', 'axons-Upload-input');
    input.type = 'file';
    input.multiple = true;
    input.setAttribute('aria-label', 'Choose image files');
    input.addEventListener('change', () => {
      this.model.add(input.files ?? []);
      input.value = ''; // the same file may be chosen again
    });
    const field = element(
      'label',
      'axons-Upload-field',
      element('strong', '', 'Drop image files here, or click to choose them'),
      this.limits,
      input
    );
    const over = (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation(); // JupyterLab would upload the file into the folder
      field.classList.add(OVER);
    };
    field.addEventListener('dragenter', over);
    field.addEventListener('dragover', over);
    field.addEventListener('dragleave', () => {
      field.classList.remove(OVER);
    });
    field.addEventListener('drop', event => {
      event.preventDefault();
      event.stopPropagation();
      field.classList.remove(OVER);
      this.model.add(event.dataTransfer?.files ?? []);
    });
    return field;
  }

  private show(): void {
    const { model } = this;
    const { largest, free } = model.limits;
    this.limits.textContent =
      `TIFF, OME-TIFF, PNG, JPEG, BMP or WebP, up to ${sizeText(largest)} each; ` +
      `the disk has ${sizeText(free)} left.`;
    const seen = new Set(Object.keys(model.files));
    for (const [id, { node }] of this.rows) {
      if (!seen.has(id)) {
        node.remove();
        this.rows.delete(id);
      }
    }
    for (const id of seen) {
      this.showRow(id);
    }
  }

  /** Only rows that have changed are made anew: a person may be typing in another. */
  private showRow(id: string): void {
    const { model } = this;
    const row = model.files[id];
    if (!row) {
      return;
    }
    const received = model.received(id);
    const picture = model.picture(id);
    const state = JSON.stringify([row, received, Boolean(picture)]);
    const known = this.rows.get(id);
    if (known?.state === state) {
      return;
    }
    const node = fileRow(
      { row, received, picture },
      {
        remove: () => {
          model.remove(id);
        },
        answer: (name, um) => {
          model.answer(id, name, um);
        }
      }
    );
    if (known) {
      known.node.replaceWith(node);
    } else {
      this.list.append(node);
    }
    this.rows.set(id, { state, node });
  }

  private showProgress(id: string): void {
    const row = this.model.files[id];
    const bar = this.rows.get(id)?.node.querySelector('progress');
    const text = bar?.nextElementSibling;
    const received = this.model.received(id);
    if (row?.state === 'receiving' && bar && text && received !== null) {
      bar.value = received;
      text.textContent = `${Math.floor((100 * received) / row.size)} %`;
    }
  }

  private readonly limits = element('span', 'axons-Upload-limits');
  private readonly list = element('ul', 'axons-Upload-list');
  private readonly rows = new Map<
    string,
    { readonly state: string; readonly node: HTMLElement }
  >();
}
