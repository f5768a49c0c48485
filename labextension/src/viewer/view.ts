/** The viewer in a notebook: toolbar, picture, panel and status line. */

import { DOMWidgetView } from '@jupyter-widgets/base';

import { button, element } from '../dom';
import { keepPlainKeys } from '../shortcuts';
import { ChannelPanel } from './channelpanel';
import { commandOfKey, type ViewCommand } from './keys';
import type { ViewerModel } from './model';
import { OverlayPanel } from './overlaypanel';
import { Readout } from './readout';
import { ScaleBar } from './scalebar';
import { Stage } from './stage';

/** From this silence on, the view says that it waits. */
const PATIENCE_MS = 1500;
const SAVE_PLACE_MS = 400;
const KEYS =
  'Arrow keys move, plus and minus zoom, 0 shows the whole image, 1 shows every pixel, ' +
  'F fills the screen, C opens contrast and overlays.';

export class ViewerView extends DOMWidgetView {
  declare model: ViewerModel;

  override render(): void {
    super.render();
    const { scene } = this.model;
    this.el.classList.add('axons-Viewer');
    this.giveKeysBack = keepPlainKeys(this.el);
    this.el.setAttribute('role', 'group');
    this.el.setAttribute('aria-label', `Image ${scene.name}`);
    this.scale = new ScaleBar(scene.pixel_size_um);
    this.readout = new Readout(scene, (x, y, answer) => {
      this.model.askForValue(x, y, answer);
    });
    this.build();
    this.connect();
    whenSized(this.host, () => {
      if (!this.gone) {
        this.open();
      }
    });
  }

  override remove(): void {
    this.gone = true;
    clearInterval(this.watch);
    clearTimeout(this.saving);
    this.readout.dispose();
    this.stage?.dispose();
    this.stage = null;
    this.giveKeysBack();
    super.remove();
  }

  private build(): void {
    const { model } = this;
    this.channels = new ChannelPanel(model.scene, model.look, look => {
      this.stage?.setLook(look);
      model.choose('look', look);
    });
    this.overlays = new OverlayPanel(model.scene, model.overlays, looks => {
      this.stage?.setOverlays(looks);
      model.choose('overlays', looks);
    });
    this.panel.append(this.overlays.node, this.channels.node);
    this.hint.setAttribute('role', 'status');
    const frame = element('div', 'axons-Viewer-frame', this.host);
    frame.append(this.scale.node, this.hint);
    this.el.append(
      this.toolbar(),
      element('div', 'axons-Viewer-body', frame, this.panel),
      element('div', 'axons-Viewer-status', this.readout.node, this.scale.zoom)
    );
  }

  private toolbar(): HTMLElement {
    const press = (text: string, label: string, command: ViewCommand) =>
      button(text, label, () => {
        this.do(command);
      });
    this.toggle = press('Contrast and overlays', 'Contrast and overlays (C)', {
      do: 'panel'
    });
    this.toggle.setAttribute('aria-expanded', 'true');
    const bar = element(
      'div',
      'axons-Viewer-bar',
      press('−', 'Zoom out (−)', { do: 'zoom', factor: 1 / 1.5 }),
      press('+', 'Zoom in (+)', { do: 'zoom', factor: 1.5 }),
      press('Fit', 'Whole image (0)', { do: 'home' }),
      press('1:1', 'One screen pixel per image pixel (1)', { do: 'actual' }),
      press('Full screen', 'Full screen (F)', { do: 'fullscreen' }),
      element('span', 'axons-Viewer-title', this.model.scene.name),
      this.toggle
    );
    bar.setAttribute('role', 'toolbar');
    bar.setAttribute('aria-label', 'View');
    return bar;
  }

  private connect(): void {
    const { model } = this;
    this.listenTo(model, 'change:look', () => {
      this.stage?.setLook(model.look);
      this.channels.show(model.look);
    });
    this.listenTo(model, 'change:overlays', () => {
      this.stage?.setOverlays(model.overlays);
      this.overlays.show(model.overlays);
    });
    this.listenTo(model, 'change:revision', () => {
      this.stage?.refresh(model.overlays);
    });
    this.listenTo(model, 'comm_live_update', () => {
      this.showState();
    });
    this.watch = setInterval(() => {
      this.stage?.checkSize();
      this.showState();
    }, PATIENCE_MS / 3);
  }

  private open(): void {
    const { model } = this;
    const ask: ConstructorParameters<typeof Stage>[2] = (...wish) => {
      const id = model.tiles.ask(...wish);
      return () => {
        model.tiles.abort(id);
      };
    };
    const stage = new Stage(this.host, model.scene, ask, {
      moved: () => {
        this.scale.show(stage.zoom);
        this.problem = ''; // it was about another part of the image
        this.keepPlace();
      },
      failed: message => {
        this.tell(message);
      },
      painted: () => {
        this.scale.show(stage.zoom);
        this.el.dataset['painted'] = performance.now().toFixed(0);
      }
    });
    this.stage = stage;
    stage.open(model.look, model.overlays, model.place);
    stage.restrictWheel(
      event => event.ctrlKey || this.el.contains(document.activeElement)
    );
    this.connectPointer(stage);
  }

  private connectPointer(stage: Stage): void {
    const { focusNode } = stage;
    focusNode.setAttribute('role', 'application');
    focusNode.setAttribute('aria-label', `${this.model.scene.name}. ${KEYS}`);
    this.el.addEventListener('keydown', event => {
      const inField = event.target instanceof HTMLInputElement;
      const command = inField ? null : commandOfKey(event);
      if (command) {
        event.preventDefault();
        event.stopPropagation();
        this.do(command);
      }
    });
    this.host.addEventListener('pointermove', event => {
      const box = this.host.getBoundingClientRect();
      this.readout.point(
        stage.pointAt(event.clientX - box.left, event.clientY - box.top)
      );
    });
    this.host.addEventListener('pointerleave', () => {
      this.readout.point(null);
    });
  }

  private do(command: ViewCommand): void {
    if (command.do === 'fullscreen') {
      this.toggleFullscreen().catch(() => {
        this.tell('The browser does not allow full screen here.');
      });
    } else if (command.do === 'panel') {
      this.panel.hidden = !this.panel.hidden;
      this.toggle.setAttribute('aria-expanded', String(!this.panel.hidden));
    } else {
      this.stage?.do(command);
    }
  }

  private toggleFullscreen(): Promise<void> {
    return document.fullscreenElement
      ? document.exitFullscreen()
      : this.el.requestFullscreen();
  }

  private tell(problem: string): void {
    this.problem = problem;
    this.showState();
  }

  /** The place is kept when the view has come to rest. */
  private keepPlace(): void {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      if (this.stage && !this.model.isCutOff) {
        this.model.choose('place', this.stage.place);
      }
    }, SAVE_PLACE_MS);
  }

  private showState(): void {
    let text = this.problem;
    if (this.model.isCutOff) {
      text =
        'The kernel that drew this has stopped: run the cell again to look closer.';
    } else if (this.model.tiles.silence > PATIENCE_MS) {
      text = 'Waiting for the kernel, which is busy …';
    }
    this.hint.textContent = text;
    this.hint.hidden = !text;
  }

  // Backbone calls `render` after its constructor, so initial values are there.
  private readonly host = element('div', 'axons-Viewer-stage');
  private readonly panel = element('aside', 'axons-Viewer-panel');
  private readonly hint = element('div', 'axons-Viewer-hint');
  private stage: Stage | null = null;
  private problem = '';
  private gone = false;
  private giveKeysBack: () => void = () => undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private saving: ReturnType<typeof setTimeout> | undefined;
  declare private scale: ScaleBar;
  declare private readout: Readout;
  declare private channels: ChannelPanel;
  declare private overlays: OverlayPanel;
  declare private toggle: HTMLButtonElement;
}

/** Calls `ready` once the node has a size: an output may be made in a hidden tab. */
function whenSized(node: HTMLElement, ready: () => void): void {
  const observer = new ResizeObserver(() => {
    if (node.clientWidth && node.clientHeight) {
      observer.disconnect();
      ready();
    }
  });
  observer.observe(node);
}
