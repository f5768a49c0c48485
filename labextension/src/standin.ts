/** The picture that stands for a widget in a saved notebook: the output before it. Hidden while the widget lives. */

const HIDDEN = 'axons-mod-standin';

function standIn(node: HTMLElement): Element | null {
  const output = node.closest('.jp-OutputArea-child');
  const before = output?.previousElementSibling;
  return before?.querySelector('.jp-RenderedImage') ? before : null;
}

export function hideStandIn(node: HTMLElement): () => void {
  const found = standIn(node);
  found?.classList.add(HIDDEN);
  return () => {
    found?.classList.remove(HIDDEN);
  };
}
