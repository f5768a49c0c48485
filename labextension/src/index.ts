import {
  ILayoutRestorer,
  JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ILauncher } from '@jupyterlab/launcher';

import { addOpenTour, CommandIDs } from './commands';
import { axonIcon } from './icon';
import { AxonsPanel } from './panel';
import { registerWidgets } from './registry';

const CATEGORY = 'Axons';

const tour: JupyterFrontEndPlugin<void> = {
  id: 'axons-lab:tour',
  description: 'The command, palette entry and launcher card of the tour.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [ICommandPalette, ILauncher, JupyterFrontEnd.IPaths],
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    paths: JupyterFrontEnd.IPaths | null
  ) => {
    addOpenTour(app.commands, documents, Boolean(paths?.urls.hubPrefix));
    const command = CommandIDs.openTour;
    palette?.addItem({ command, category: CATEGORY });
    launcher?.add({
      command,
      args: { isLauncher: true },
      category: CATEGORY,
      // Above JupyterLab's own sections: it is where a student starts.
      categoryRank: -1
    });
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: 'axons-lab:panel',
  description: 'The side panel with the stages of a project.',
  autoStart: true,
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null) => {
    const show = (stage?: string) => {
      void app.commands.execute(CommandIDs.openTour, stage ? { stage } : {});
    };
    const widget = new AxonsPanel({
      onTour: () => {
        show();
      },
      onStage: stage => {
        show(stage.id);
      }
    });
    widget.title.icon = axonIcon;
    widget.title.caption = 'Axons: the stages of a project';
    app.shell.add(widget, 'left', { rank: 300, type: 'Axons' });
    restorer?.add(widget, widget.id);
  }
};

const widgets: JupyterFrontEndPlugin<void> = {
  id: 'axons-lab:widgets',
  description: 'The widgets of axons_kernel: the image viewer and the upload.',
  autoStart: true,
  // The token of the registry cannot be listed here: without ipywidgets, its package is not on the page.
  activate: async (app: JupyterFrontEnd) => {
    await registerWidgets(app);
  }
};

export default [tour, panel, widgets];
