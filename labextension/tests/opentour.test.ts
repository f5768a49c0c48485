import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { describe, expect, it, vi } from 'vitest';

import { goToStage, openTour } from '../src/opentour';
import { stageById } from '../src/stages';

interface Server {
  readonly open?: boolean;
  readonly status?: number;
  readonly factory?: boolean;
}

/** A document manager in front of a server that answers with this HTTP status. */
function documentsOf({ open = false, status = 200, factory = true }: Server) {
  const panel = { id: 'tour' };
  const get = vi.fn(() =>
    status === 200
      ? Promise.resolve({})
      : Promise.reject(
          Object.assign(new Error(`HTTP ${status}`), { response: { status } })
        )
  );
  const openOrReveal = vi.fn(() => (factory ? panel : undefined));
  const documents = {
    findWidget: () => (open ? panel : undefined),
    openOrReveal,
    services: { contents: { get } }
  } as unknown as IDocumentManager;
  return { documents, get, openOrReveal, panel };
}

/** A notebook with one markdown cell per source; the ids are c0, c1, ... */
function notebookOf(...sources: string[]) {
  const content = {
    model: {
      cells: sources.map((source, index) => ({
        id: `c${index}`,
        type: 'markdown',
        sharedModel: { getSource: () => source }
      }))
    },
    activeCellIndex: 0,
    deselectAll: vi.fn(),
    setFragment: vi.fn(() => Promise.resolve())
  };
  const panel = { revealed: Promise.resolve(), content };
  return { content, panel: panel as unknown as NotebookPanel };
}

describe('openTour', () => {
  it('opens the tour as a notebook', async () => {
    const { documents, openOrReveal, panel } = documentsOf({});
    expect(await openTour(documents, true)).toBe(panel);
    expect(openOrReveal).toHaveBeenCalledWith('tour.ipynb', 'Notebook');
  });

  it('reveals an open tour without asking the server', async () => {
    const { documents, get, panel } = documentsOf({ open: true, status: 404 });
    expect(await openTour(documents, true)).toBe(panel);
    expect(get).not.toHaveBeenCalled();
  });

  it('says what to do when the tour is not there', async () => {
    const { documents, openOrReveal } = documentsOf({ status: 404 });
    await expect(openTour(documents, true)).rejects.toThrow(
      'tour.ipynb is not in your home folder.'
    );
    expect(openOrReveal).not.toHaveBeenCalled();
  });

  it('passes on any other error of the server', async () => {
    const { documents } = documentsOf({ status: 503 });
    await expect(openTour(documents, true)).rejects.toThrow('HTTP 503');
  });

  it('says so when there is no notebook editor', async () => {
    const { documents } = documentsOf({ factory: false });
    await expect(openTour(documents, true)).rejects.toThrow(
      'the notebook editor of JupyterLab is disabled'
    );
  });
});

describe('goToStage', () => {
  it('activates the heading and scrolls to it', async () => {
    const { content, panel } = notebookOf(
      '# Tour',
      '## 1 · Import',
      '## 2 · Tile'
    );
    await goToStage(panel, stageById('tile'));
    expect(content.activeCellIndex).toBe(2);
    expect(content.setFragment).toHaveBeenCalledWith('#cell-id=c2');
  });

  it('leaves the notebook where it is when the heading is missing', async () => {
    const { content, panel } = notebookOf('# Tour');
    await expect(goToStage(panel, stageById('tile'))).rejects.toThrow(
      'tour.ipynb has no heading "2 · Tile"'
    );
    expect(content.setFragment).not.toHaveBeenCalled();
  });
});
