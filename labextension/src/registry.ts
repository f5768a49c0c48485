/** Tells ipywidgets of our widgets, where it is installed. */

import type { JupyterFrontEnd } from '@jupyterlab/application';

import { MODULE_NAME, MODULE_VERSION } from './module';

export async function registerWidgets(app: JupyterFrontEnd): Promise<boolean> {
  const base = await loadBase();
  const registry =
    base && (await app.resolveOptionalService(base.IJupyterWidgetRegistry));
  if (!registry) {
    return false;
  }
  registry.registerWidget({
    name: MODULE_NAME,
    version: MODULE_VERSION,
    exports: () => import('./widgets')
  });
  fetchEarly(app);
  return true;
}

/** Fetch the widgets once the page is there, so that the first one does not wait for its code. */
function fetchEarly(app: JupyterFrontEnd): void {
  app.restored
    .then(() => import('./widgets'))
    .catch((reason: unknown) => {
      console.info('Axons: the widgets are fetched when one is shown.', reason);
    });
}

/** Null without ipywidgets, whose extension brings this package to the page. */
async function loadBase() {
  try {
    return await import('@jupyter-widgets/base');
  } catch (reason) {
    console.info(
      'Axons: ipywidgets is not installed, so it has no widgets.',
      reason
    );
    return null;
  }
}
