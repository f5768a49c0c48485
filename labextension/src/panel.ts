import { Panel, Widget } from '@lumino/widgets';

import { StageList } from './stagelist';
import type { Stage } from './stages';

export namespace AxonsPanel {
  export interface IOptions {
    readonly onTour: () => void;
    readonly onStage: (stage: Stage) => void;
  }
}

/** The side panel: one widget per section, from top to bottom. */
export class AxonsPanel extends Panel {
  constructor(options: AxonsPanel.IOptions) {
    super();
    this.id = 'axons-panel';
    this.addClass('axons-Panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Axons');
    this.addWidget(new TourSection(options.onTour));
    this.addWidget(new StageList(options.onStage));
  }
}

/** What this is about, and the button that opens the tour. */
class TourSection extends Widget {
  constructor(onTour: () => void) {
    super();
    this.addClass('axons-TourSection');

    const heading = document.createElement('h2');
    heading.textContent = 'Axons';

    const text = document.createElement('p');
    text.textContent =
      'The life of a model in seven stages. Choose one to see it in the tour.';

    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'axons-OpenTour jp-mod-styled jp-mod-accept';
    button.textContent = 'Open the tour';
    button.addEventListener('click', onTour);

    this.node.append(heading, text, button);
  }
}
