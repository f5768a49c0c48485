/** Opens the tour and goes to a stage in it. Every failure is an Error that a student can act on. */

import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';

import type { Stage } from './stages';
import {
  findStageCell,
  missingHeadingMessage,
  missingTourMessage,
  TOUR_PATH
} from './tour';

const NOTEBOOK_FACTORY = 'Notebook';

export async function openTour(
  documents: IDocumentManager,
  onHub: boolean
): Promise<NotebookPanel> {
  if (!documents.findWidget(TOUR_PATH, NOTEBOOK_FACTORY)) {
    await requireTour(documents, onHub);
  }
  const panel = documents.openOrReveal(TOUR_PATH, NOTEBOOK_FACTORY);
  if (!panel) {
    throw new Error(
      `${TOUR_PATH} cannot be opened: the notebook editor of JupyterLab is ` +
        'disabled. Enable it in Settings > Extension Manager and reload the page.'
    );
  }
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- this factory makes nothing else
  return panel as NotebookPanel;
}

/** Without this check JupyterLab would open an empty tab and a "file load error". */
async function requireTour(
  documents: IDocumentManager,
  onHub: boolean
): Promise<void> {
  try {
    await documents.services.contents.get(TOUR_PATH, { content: false });
  } catch (reason) {
    throw isNotFound(reason)
      ? new Error(missingTourMessage(onHub), { cause: reason })
      : reason;
  }
}

function isNotFound(reason: unknown): boolean {
  return (reason as { response?: Response }).response?.status === 404;
}

export async function goToStage(
  panel: NotebookPanel,
  stage: Stage
): Promise<void> {
  await panel.revealed;
  const notebook = panel.content;
  const cells = Array.from(notebook.model?.cells ?? []);
  const index = findStageCell(
    cells.map(cell => ({
      type: cell.type,
      source: cell.sharedModel.getSource()
    })),
    stage
  );
  const cell = cells[index];
  if (!cell) {
    throw new Error(missingHeadingMessage(stage));
  }
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  // By cell id and not by heading: a heading is found only once it is rendered.
  await notebook.setFragment(`#cell-id=${cell.id}`);
}
