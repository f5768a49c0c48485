/** The picture itself: OpenSeadragon with the image and its overlays as layers. */

import OpenSeadragon from 'openseadragon';

import { Layer } from './layer';
import type { ViewCommand } from './keys';
import { viewerOptions } from './options';
import {
  overlayLook,
  type Look,
  type OverlayLooks,
  type Place,
  type Scene
} from './scene';
import { DROPPED } from './tilequeue';
import type { AskForTile } from './tilesource';

/** Screen pixels per image pixel from which on pixels have sharp edges. */
const SHARP = 3;

export interface StageEvents {
  /** The view has moved; called once per frame at most. */
  readonly moved: () => void;
  readonly failed: (message: string) => void;
  readonly painted: () => void;
}

export class Stage {
  constructor(
    host: HTMLElement,
    private readonly scene: Scene,
    ask: AskForTile,
    private readonly events: StageEvents
  ) {
    this.viewer = new OpenSeadragon.Viewer(viewerOptions(host));
    this.image = new Layer(this.viewer, scene, 'image', ask);
    this.overlays = new Map(
      scene.overlays.map(({ id }) => [
        id,
        new Layer(this.viewer, scene, id, ask)
      ])
    );
    this.viewer.addHandler('animation', () => {
      this.afterMove();
    });
    this.viewer.addHandler('resize', () => {
      this.afterMove();
    });
    this.viewer.addHandler('tile-load-failed', event => {
      if (event.message === DROPPED) {
        // OpenSeadragon gives a tile up that has failed once.
        queueMicrotask(() => {
          (event.tile as unknown as { exists: boolean }).exists = true;
        });
      } else {
        events.failed(event.message);
      }
    });
  }

  /** The first picture: the image, then what lies over it. */
  open(look: Look, overlays: OverlayLooks, place: Place): void {
    this.image.show({ look }, () => {
      this.goTo(place, true);
      this.image.whenPainted(this.events.painted);
      this.setOverlays(overlays);
    });
  }

  setLook(look: Look): void {
    this.image.show({ look });
  }

  setOverlays(looks: OverlayLooks): void {
    for (const [id, layer] of this.overlays) {
      const { visible, opacity, outline } = overlayLook(looks, id);
      layer.setOpacity(opacity);
      if (visible) {
        layer.show({ outline });
      } else {
        layer.hide();
      }
    }
  }

  /** Draw the overlays anew: the labels have changed. */
  refresh(looks: OverlayLooks): void {
    for (const layer of this.overlays.values()) {
      layer.forget();
    }
    this.setOverlays(looks);
  }

  do(command: ViewCommand): void {
    const { viewport } = this.viewer;
    if (command.do === 'pan') {
      const bounds = viewport.getBounds();
      viewport.panBy(
        new OpenSeadragon.Point(
          command.x * bounds.width,
          command.y * bounds.height
        )
      );
      viewport.applyConstraints();
    } else if (command.do === 'zoom') {
      viewport.zoomBy(command.factor);
      viewport.applyConstraints();
    } else if (command.do === 'home') {
      viewport.goHome();
    } else if (command.do === 'actual') {
      viewport.zoomTo(this.viewportZoom(1));
      viewport.applyConstraints();
    }
  }

  /** Screen pixels (CSS) per image pixel. */
  get zoom(): number {
    const { viewport } = this.viewer;
    return (
      (viewport.getContainerSize().x * viewport.getZoom(true)) /
      this.scene.width
    );
  }

  /** Where the view is. */
  get place(): Place {
    const { width } = this.scene;
    const bounds = this.viewer.viewport.getBounds();
    const centre = bounds.getCenter();
    return [centre.x * width, centre.y * width, bounds.width * width];
  }

  goTo(place: Place, at_once = false): void {
    const { viewport } = this.viewer;
    if (!place) {
      viewport.goHome(at_once);
      return;
    }
    const [x, y, width] = place.map(value => value / this.scene.width) as [
      number,
      number,
      number
    ];
    viewport.panTo(new OpenSeadragon.Point(x, y), at_once);
    viewport.zoomTo(1 / width, undefined, at_once);
  }

  /** The image point under a point of the stage (CSS pixels from its top left); null outside of the image. */
  pointAt(left: number, top: number): [x: number, y: number] | null {
    const { width, height } = this.scene;
    const point = this.viewer.viewport.pointFromPixel(
      new OpenSeadragon.Point(left, top),
      true
    );
    const [x, y] = [point.x * width, point.y * width];
    return x >= 0 && y >= 0 && x < width && y < height ? [x, y] : null;
  }

  /** OpenSeadragon misses a change of size at times, as when JupyterLab changes its theme. */
  checkSize(): void {
    const { x, y } = this.viewer.viewport.getContainerSize();
    const { clientWidth, clientHeight } = this.viewer.container;
    if (
      clientWidth &&
      clientHeight &&
      (x !== clientWidth || y !== clientHeight)
    ) {
      this.viewer.forceResize();
    }
  }

  /** What has the keyboard's focus. */
  get focusNode(): HTMLElement {
    return this.viewer.canvas;
  }

  /** The wheel zooms only where `allowed` says so, else the page scrolls. */
  restrictWheel(allowed: (event: WheelEvent) => boolean): void {
    this.viewer.addHandler('canvas-scroll', event => {
      const scroll = event as unknown as ScrollEvent;
      const zooms = allowed(scroll.originalEvent);
      scroll.preventDefaultAction = !zooms;
      scroll.preventDefault = zooms;
    });
  }

  dispose(): void {
    this.viewer.destroy();
  }

  private viewportZoom(zoom: number): number {
    return (
      (zoom * this.scene.width) / this.viewer.viewport.getContainerSize().x
    );
  }

  private afterMove(): void {
    const sharp = this.zoom >= SHARP;
    if (sharp !== this.sharp) {
      this.sharp = sharp;
      const { drawer } = this.viewer;
      drawer.setImageSmoothingEnabled(!sharp);
      // OpenSeadragon forgets the canvas on which it mixes transparent layers.
      const { sketchContext } = drawer as { sketchContext?: Smoothed | null };
      if (sketchContext) {
        sketchContext.imageSmoothingEnabled = !sharp;
      }
    }
    this.events.moved();
  }

  private sharp = false;
  private readonly viewer: OpenSeadragon.Viewer;
  private readonly image: Layer;
  private readonly overlays: ReadonlyMap<string, Layer>;
}

interface Smoothed {
  imageSmoothingEnabled: boolean;
}

interface ScrollEvent {
  readonly originalEvent: WheelEvent;
  preventDefaultAction: boolean;
  preventDefault: boolean;
}
