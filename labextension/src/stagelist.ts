import { Widget } from '@lumino/widgets';

import { stageNumber, STAGES, type Stage } from './stages';

/** The stages as an ordered list of buttons. */
export class StageList extends Widget {
  constructor(onStage: (stage: Stage) => void) {
    super({ node: document.createElement('ol') });
    this.addClass('axons-StageList');
    this.node.setAttribute('aria-label', 'Stages of a project');
    this.node.append(...STAGES.map(stage => stageItem(stage, onStage)));
  }
}

function stageItem(
  stage: Stage,
  onStage: (stage: Stage) => void
): HTMLLIElement {
  const number = span('axons-Stage-number', String(stageNumber(stage)));
  const title = span('axons-Stage-title', stage.title);
  const summary = span('axons-Stage-summary', stage.summary);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'axons-Stage';
  button.dataset['stage'] = stage.id;
  button.title = `Go to ${stage.title} in the tour`;
  button.append(number, title, summary, callCode(stage.call));
  button.addEventListener('click', () => {
    onStage(stage);
  });

  const item = document.createElement('li');
  item.append(button);
  return item;
}

/** Where the panel is too narrow the call breaks before its method's dot. */
function callCode(call: string): HTMLElement {
  const node = document.createElement('code');
  const dot = call.indexOf('.');
  node.className = 'axons-Stage-call';
  node.append(
    call.slice(0, dot),
    document.createElement('wbr'),
    call.slice(dot)
  );
  return node;
}

function span(className: string, text: string): HTMLSpanElement {
  const node = document.createElement('span');
  node.className = className;
  node.textContent = text;
  return node;
}
