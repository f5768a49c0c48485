import { showErrorMessage } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { CommandRegistry } from '@lumino/commands';

import { axonIcon } from './icon';
import { goToStage, openTour } from './opentour';
import { stageById, STAGES } from './stages';

export namespace CommandIDs {
  /** Args: `stage`, the id of the stage to go to. */
  export const openTour = 'axons:open-tour';
}

export function addOpenTour(
  commands: CommandRegistry,
  documents: IDocumentManager,
  onHub: boolean
): void {
  commands.addCommand(CommandIDs.openTour, {
    label: args =>
      args['isLauncher'] ? 'Open the tour' : 'Axons: open the tour',
    caption: 'Walk through a project, from the image to the analysis',
    icon: axonIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          stage: { type: 'string', enum: STAGES.map(stage => stage.id) },
          isLauncher: { type: 'boolean' }
        }
      }
    },
    execute: args => showTour(documents, onHub, args['stage'])
  });
}

/** Resolves to the tour, so that a launcher can give its place to it. */
async function showTour(
  documents: IDocumentManager,
  onHub: boolean,
  stageId: unknown
): Promise<NotebookPanel | undefined> {
  try {
    const panel = await openTour(documents, onHub);
    if (typeof stageId === 'string') {
      await goToStage(panel, stageById(stageId));
    }
    return panel;
  } catch (reason) {
    await showErrorMessage('Axons', reason as Error);
    return undefined;
  }
}
