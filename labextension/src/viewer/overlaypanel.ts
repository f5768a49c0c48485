/** What lies over the image: annotation and predictions, their opacity, and the colours of their classes. */

import { checkbox, element, slider } from '../dom';
import {
  overlayLook,
  withOverlay,
  type Overlay,
  type OverlayLook,
  type OverlayLooks,
  type Scene
} from './scene';

export class OverlayPanel {
  readonly node = element('section', 'axons-Panel-section');

  constructor(
    private readonly scene: Scene,
    private looks: OverlayLooks,
    private readonly onChange: (looks: OverlayLooks) => void
  ) {
    this.node.setAttribute('aria-label', 'Overlays');
    this.node.hidden = !scene.overlays.length;
    this.build();
  }

  show(looks: OverlayLooks): void {
    if (JSON.stringify(looks) !== JSON.stringify(this.looks)) {
      this.looks = looks;
      this.build();
    }
  }

  private build(): void {
    this.node.replaceChildren(
      element('h3', '', 'Overlays'),
      ...this.scene.overlays.map(overlay => this.row(overlay))
    );
  }

  private row(overlay: Overlay): HTMLElement {
    const look = overlayLook(this.looks, overlay.id);
    const show = checkbox(overlay.title, look.visible, visible => {
      this.change(overlay.id, { visible });
    });
    const opacity = slider({
      label: `Opacity of ${overlay.title}`,
      min: 0,
      max: 1,
      step: 0.05,
      value: look.opacity,
      onInput: value => {
        this.change(overlay.id, { opacity: value });
      }
    });
    const outline = checkbox('outlines', look.outline, checked => {
      this.change(overlay.id, { outline: checked });
    });
    const row = element('div', 'axons-Row', opacity, outline);
    return element('div', 'axons-Overlay', show, row, legend(overlay));
  }

  private change(id: string, change: Partial<OverlayLook>): void {
    this.looks = withOverlay(this.looks, id, change);
    this.onChange(this.looks);
  }
}

function legend({ classes }: Overlay): HTMLElement {
  const items = classes.map(({ name, colour }) => {
    const swatch = element('span', 'axons-Swatch');
    swatch.style.backgroundColor = colour;
    return element('li', '', swatch, name);
  });
  return element('ul', 'axons-Legend', ...items);
}
