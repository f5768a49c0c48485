/** Messages of a widget reach the kernel while a cell runs once they have a thread (a subshell) of their own there. */

import type { WidgetModel } from '@jupyter-widgets/base';

/** What JupyterLab's own comm and kernel tell of it; ipywidgets wraps them. */
interface Comm {
  readonly subshellId?: string | null;
  readonly subshellStarted?: Promise<void>;
}

interface Kernel {
  readonly supportsSubshells?: boolean;
}

const LONGEST_MS = 3000;

/**
 * Resolves when the subshell is there, and at once where there will be none. What is sent before would wait until
 * the cell that runs has ended.
 */
export async function subshellOf(model: WidgetModel): Promise<void> {
  const { jsServicesComm: comm } = (model.comm ?? {}) as {
    jsServicesComm?: Comm;
  };
  const { kernel } = model.widget_manager as { kernel?: Kernel | null };
  if (!comm?.subshellStarted || comm.subshellId || !kernel?.supportsSubshells) {
    return;
  }
  const started = comm.subshellStarted.catch((reason: unknown) => {
    console.warn('Axons: widgets have to wait for cells to end.', reason);
  });
  await Promise.race([started, new Promise(go => setTimeout(go, LONGEST_MS))]);
}
