/** What ipywidgets finds under the name of this module. Loaded once the page is there. */

export { ViewerModel } from './viewer/model';
export { ViewerView } from './viewer/view';
export { UploadModel } from './upload/model';
export { UploadView } from './upload/view';
export { AnnotatorModel } from './annotate/model';
export { AnnotatorView } from './annotate/view';
export { RunModel } from './run/model';
export { RunView } from './run/view';
