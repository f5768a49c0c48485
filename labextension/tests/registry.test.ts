import type { JupyterFrontEnd } from '@jupyterlab/application';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { MODULE_NAME, MODULE_VERSION } from '../src/module';

function appWith(registry: object | null) {
  const resolveOptionalService = vi.fn(() => Promise.resolve(registry));
  const restored = new Promise(() => undefined); // what comes later is no part of these tests
  return { resolveOptionalService, restored } as unknown as JupyterFrontEnd;
}

describe('registerWidgets', () => {
  afterEach(() => {
    vi.resetModules();
    vi.doUnmock('@jupyter-widgets/base');
  });

  it('tells ipywidgets of the widgets, which are loaded when they are shown', async () => {
    const token = {};
    vi.doMock('@jupyter-widgets/base', () => ({
      IJupyterWidgetRegistry: token
    }));
    const { registerWidgets } = await import('../src/registry');
    const registerWidget = vi.fn();
    const app = appWith({ registerWidget });
    expect(await registerWidgets(app)).toBe(true);
    expect(registerWidget).toHaveBeenCalledExactlyOnceWith({
      name: MODULE_NAME,
      version: MODULE_VERSION,
      exports: expect.any(Function) as unknown
    });
  });

  it('does nothing where ipywidgets has no registry', async () => {
    vi.doMock('@jupyter-widgets/base', () => ({ IJupyterWidgetRegistry: {} }));
    const { registerWidgets } = await import('../src/registry');
    expect(await registerWidgets(appWith(null))).toBe(false);
  });

  it('leaves the rest of the extension alone where ipywidgets is not installed', async () => {
    vi.doMock('@jupyter-widgets/base', () => {
      throw new Error('Shared module does not exist');
    });
    const info = vi.spyOn(console, 'info').mockReturnValue();
    const { registerWidgets } = await import('../src/registry');
    expect(await registerWidgets(appWith({}))).toBe(false);
    expect(info).toHaveBeenCalledOnce();
  });
});
