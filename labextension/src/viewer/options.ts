/** How OpenSeadragon is set up. */

import type OpenSeadragon from 'openseadragon';

/** Screen pixels per image pixel in the closest view. */
const CLOSEST = 32;

export function viewerOptions(element: HTMLElement): OpenSeadragon.Options {
  return {
    element,
    // WebGL contexts are few per page; a notebook may hold many views.
    drawer: 'canvas',
    navigatorDrawer: 'canvas',
    showNavigationControl: false,
    showNavigator: true,
    navigatorPosition: 'BOTTOM_RIGHT',
    navigatorSizeRatio: 0.18,
    navigatorAutoFade: false,
    navigatorOpacity: 1,
    navigatorBackground: 'transparent',
    keyboardNavEnabled: false,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
    zoomPerScroll: 1.25,
    maxZoomPixelRatio: CLOSEST,
    minZoomImageRatio: 0.8,
    visibilityRatio: 0.5,
    animationTime: 0.4,
    blendTime: 0,
    immediateRender: false,
    imageLoaderLimit: 0,
    maxTilesPerFrame: 8,
    maxImageCacheCount: 160,
    // A kernel may be busy for long: a tile that waits has not failed.
    timeout: 2 ** 31 - 1
  };
}
