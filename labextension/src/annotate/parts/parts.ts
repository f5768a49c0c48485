/** Everything around the picture, put together. */

import { element } from '../../dom';
import { ChannelPanel } from '../../viewer/channelpanel';
import { ScaleBar } from '../../viewer/scalebar';
import type { Scene } from '../../viewer/scene';
import type { Actions } from '../actions';
import type { State } from '../answers';
import type { Workbench } from '../workbench';
import { Chosen } from './chosen';
import { Classes } from './classes';
import { Conflict } from './conflict';
import { Filters } from './filters';
import { Help } from './help';
import { LabelLooks } from './look';
import { MiniMap } from './minimap';
import { Options } from './options';
import { Status } from './status';
import { Toolbar } from './toolbar';
import { Work } from './work';

const KEYS =
  'Picture. Arrow keys move the pointer, Enter presses it, question mark lists all keys.';

export class Parts {
  readonly nodes: readonly HTMLElement[];
  readonly status: Status;

  constructor(
    private readonly bench: Workbench,
    actions: Actions,
    private readonly feedback: () => void
  ) {
    const { stage } = bench;
    this.help = new Help(() => {
      stage.canvas.focus({ preventScroll: true });
    });
    this.toolbar = new Toolbar(bench, actions, this.viewActions());
    this.options = new Options(bench);
    this.classes = new Classes(bench);
    this.chosen = new Chosen(bench);
    this.filters = new Filters(bench);
    this.work = new Work(bench);
    this.conflict = new Conflict(bench);
    this.looks = new LabelLooks(bench, () => {
      this.classes.build();
    });
    this.status = new Status(bench, {
      step: by => {
        void actions.step(by);
      },
      go: tile => {
        void actions.go(tile);
      },
      nextUnfinished: () => {
        void actions.nextUnfinished();
      }
    });
    this.minimap = new MiniMap(stage, bench.picture);
    this.nodes = this.layout();
    this.toolbar.showPanel(true);
  }

  readonly commands = {
    help: () => {
      this.help.toggle();
    },
    visibility: () => {
      this.looks.cycle();
    },
    feedback: () => {
      this.feedback();
    }
  };

  /** Another tile: classes, contrast and the small picture anew. */
  build(): void {
    const { state } = this.bench.annotator;
    if (!state) {
      return;
    }
    const firstClass = state.classes[0]?.name ?? null;
    if (!this.contrast && this.bench.settings.labelClass === null) {
      this.bench.set({ labelClass: firstClass });
    }
    this.classes.build();
    this.looks.build();
    this.filters.build();
    this.buildContrast(state);
    this.buildScale(state);
    this.minimap.build();
    this.show();
    this.moved();
  }

  /** Tool, selection, labels or counts have changed. */
  show(): void {
    if (!this.waiting) {
      this.waiting = true;
      // Several things change with one gesture; the page is written once.
      requestAnimationFrame(() => {
        this.waiting = false;
        this.toolbar.show();
        this.options.show();
        this.classes.show();
        this.chosen.show();
        this.filters.show();
        this.work.show();
        this.conflict.show();
        this.bench.stage.canvas.style.cursor = this.bench.tool.cursor;
      });
    }
  }

  showFeedback(there: boolean, shown: boolean): void {
    this.toolbar.showFeedback(there, shown);
  }

  /** The stage shows another part of the tile. */
  moved(): void {
    this.minimap.show();
    this.scale?.show(this.bench.viewport.place.scale);
    this.status.showZoom();
  }

  private layout(): HTMLElement[] {
    const { canvas, node } = this.bench.stage;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', KEYS);
    node.append(this.minimap.node, this.scaleHost);
    this.panel.append(
      this.chosen.node,
      this.classes.node,
      this.work.node,
      this.looks.node,
      this.filters.node,
      this.contrastHost
    );
    const body = element('div', 'axons-Annotate-body', node, this.panel);
    return [
      this.toolbar.node,
      this.options.node,
      this.conflict.node,
      body,
      this.status.node,
      this.help.node
    ];
  }

  private viewActions() {
    const { stage } = this.bench;
    return {
      zoom: (factor: number) => {
        stage.look(stage.viewport.zoom(factor));
      },
      fit: () => {
        stage.fit();
      },
      panel: () => {
        this.panel.hidden = !this.panel.hidden;
        this.toolbar.showPanel(!this.panel.hidden);
      },
      feedback: this.feedback,
      help: () => {
        this.help.toggle();
      }
    };
  }

  private buildContrast(state: State): void {
    const { picture } = this.bench;
    const { channels } = state.image;
    const scene: Scene = {
      ...state.image,
      pixel_size_um: state.image.pixel_size_um ?? 1,
      tile_size: 0,
      levels: [],
      overlays: [],
      channels: channels.map(({ name, range }, i) => ({
        name,
        range,
        auto: state.limits[i] ?? range
      }))
    };
    this.contrast = new ChannelPanel(scene, picture.look, look => {
      picture.setLook(look);
      this.minimap.build();
    });
    this.contrastHost.replaceChildren(this.contrast.node);
  }

  private buildScale(state: State): void {
    const { pixel_size_um } = state.image;
    this.scale = pixel_size_um ? new ScaleBar(pixel_size_um) : null;
    this.scaleHost.replaceChildren(...(this.scale ? [this.scale.node] : []));
  }

  private readonly looks: LabelLooks;
  private readonly help: Help;
  private readonly toolbar: Toolbar;
  private readonly options: Options;
  private readonly classes: Classes;
  private readonly chosen: Chosen;
  private readonly filters: Filters;
  private readonly work: Work;
  private readonly conflict: Conflict;
  private readonly minimap: MiniMap;
  private readonly panel = element('aside', 'axons-Annotate-panel');
  private readonly contrastHost = element('div', '');
  private readonly scaleHost = element('div', '');
  private contrast: ChannelPanel | null = null;
  private scale: ScaleBar | null = null;
  private waiting = false;
}
