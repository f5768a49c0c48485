import { element } from '../dom';
import { scaleBar, zoomText } from './format';

const LONGEST = 140;

/** A bar of a round length in the corner of the picture. */
export class ScaleBar {
  readonly node = element('div', 'axons-ScaleBar');
  readonly zoom = element('span', 'axons-Viewer-zoom');

  constructor(private readonly pixelSizeUm: number) {
    this.node.setAttribute('role', 'img');
    this.node.append(this.label, this.bar);
  }

  /** `zoom` is screen pixels per image pixel. */
  show(zoom: number): void {
    const found = scaleBar(this.pixelSizeUm / zoom, LONGEST);
    this.node.hidden = !found;
    if (found) {
      this.bar.style.width = `${found.pixels.toFixed(1)}px`;
      this.label.textContent = found.label;
      this.node.setAttribute('aria-label', `Scale bar: ${found.label}`);
    }
    this.zoom.textContent = zoomText(zoom);
  }

  private readonly bar = element('div', 'axons-ScaleBar-bar');
  private readonly label = element('div', 'axons-ScaleBar-label');
}
