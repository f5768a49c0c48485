/** JupyterLab takes keys before a widget has them: plain keys are the widget's, those with Ctrl stay JupyterLab's. */

const SUPPRESS = 'lmSuppressShortcuts';

export function keepPlainKeys(node: HTMLElement): () => void {
  const listener = (event: KeyboardEvent) => {
    if (event.target instanceof Node && node.contains(event.target)) {
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (modified || event.key === 'Enter' || event.key === 'Escape') {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a data attribute
        delete node.dataset[SUPPRESS];
      } else {
        node.dataset[SUPPRESS] = 'true';
      }
    }
  };
  // On the window, so as to come before JupyterLab's own listener on the document.
  window.addEventListener('keydown', listener, true);
  return () => {
    window.removeEventListener('keydown', listener, true);
  };
}
