/** The front end's side of an annotation widget. Its labels come by messages; each view has its own conversation. */

import { DOMWidgetModel, unpack_models } from '@jupyter-widgets/base';

import { MODULE } from '../module';
import { parseAnswer, type State } from './answers';
import type { Foreign } from './stage/stage';

/** How a new kernel opens the image again. */
export const REOPENING = {
  module: 'axons_kernel.widget.reviving',
  target: 'axons-annotator',
  parse: parseAnswer
};

export interface First {
  readonly content: State;
  readonly buffers: readonly DataView[];
}

/** A canvas of ipycanvas, whose model tells of new pictures. */
export interface CanvasModel extends Foreign {
  on(event: 'new-frame', callback: () => void, context: unknown): void;
}

export class AnnotatorModel extends DOMWidgetModel {
  static override serializers = {
    ...DOMWidgetModel.serializers,
    feedback_canvas: { deserialize: unpack_models as never }
  };

  override defaults() {
    return {
      ...super.defaults(),
      ...MODULE,
      _model_name: 'AnnotatorModel',
      _view_name: 'AnnotatorView',
      document: '',
      first: null,
      revive: null,
      feedback_canvas: null
    };
  }

  /** What is annotated, the same in every kernel: work that is not saved yet is kept under this name. */
  get document(): string {
    return this.get('document') as string;
  }

  /** What a new widget comes with, so that its first picture waits for no message; null for one that is older. */
  get first(): First | null {
    return this.get('first') as First | null;
  }

  /** What Python draws over the tile; null for nothing. */
  get feedback(): CanvasModel | null {
    return this.get('feedback_canvas') as CanvasModel | null;
  }
}
