/** Tells ipywidgets of our widgets, where it is installed. */

import type { JupyterFrontEnd } from '@jupyterlab/application';

import { MODULE_NAME, MODULE_VERSION } from './module';

export async function registerWidgets(app: JupyterFrontEnd): Promise<boolean> {
  const base = await loadBase();
  const registry =
    base && (await app.resolveOptionalService(base.IJupyterWidgetRegistry));
  registry?.registerWidget({
    name: MODULE_NAME,
    version: MODULE_VERSION,
    exports: () => import('./widgets')
  });
  return Boolean(registry);
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
