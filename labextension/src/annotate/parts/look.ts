/** How labels are shown: full, faint or hidden, how opaque, in which colours. */

import { element, slider } from '../../dom';
import type { Named } from '../answers';
import type { Visibility } from '../stage/palette';
import type { Workbench } from '../workbench';
import { Segments } from './controls';

const VISIBILITIES: readonly (readonly [Visibility, string])[] = [
  ['full', 'Full'],
  ['faint', 'Faint'],
  ['hidden', 'Hidden']
];

export class LabelLooks {
  readonly node = element('section', 'axons-Panel-section');

  constructor(
    private readonly bench: Workbench,
    private readonly recoloured: () => void
  ) {
    this.node.setAttribute('aria-label', 'Labels');
    this.visibility = new Segments('Labels', VISIBILITIES, visibility => {
      bench.picture.setLabelLook({ visibility });
      this.show();
    });
  }

  build(): void {
    const { picture, annotator } = this.bench;
    const opacity = slider({
      label: 'Opacity of labels',
      min: 0,
      max: 1,
      step: 0.05,
      value: picture.labelLook.opacity,
      onInput: value => {
        picture.setLabelLook({ opacity: value });
      }
    });
    const { schemes = [] } = annotator.state ?? {};
    this.node.replaceChildren(
      element('h3', '', 'Labels'),
      this.visibility.node,
      element(
        'label',
        'axons-Annotate-field',
        element('span', '', 'Opacity'),
        opacity
      ),
      ...(schemes.length ? [this.schemes(schemes)] : [])
    );
    this.show();
  }

  show(): void {
    this.visibility.show(this.bench.picture.labelLook.visibility);
  }

  /** Full, faint, hidden, full ... */
  cycle(): void {
    const { picture } = this.bench;
    const all = VISIBILITIES.map(([name]) => name);
    const at = all.indexOf(picture.labelLook.visibility);
    picture.setLabelLook({ visibility: all[(at + 1) % all.length] ?? 'full' });
    this.show();
  }

  /** The classes' own colours, and the further schemes. */
  private schemes(further: readonly Named[]): HTMLElement {
    const { picture } = this.bench;
    const own = { name: 'default', human_name: 'Default' };
    const select = element('select', 'axons-Annotate-select');
    for (const { name, human_name } of further.some(
      ({ name }) => name === own.name
    )
      ? further
      : [own, ...further]) {
      const option = element('option', '', human_name);
      option.value = name;
      select.append(option);
    }
    select.value = picture.labelLook.scheme;
    select.addEventListener('change', () => {
      picture.setLabelLook({ scheme: select.value });
      this.recoloured();
    });
    const text = element('span', '', 'Colours');
    return element('label', 'axons-Annotate-field', text, select);
  }

  private readonly visibility: Segments<Visibility>;
}
