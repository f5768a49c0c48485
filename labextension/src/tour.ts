/** What is known of the tour without opening it: its place, headings, messages. */

import { stageNumber, type Stage } from './stages';

/** Relative to the folder that the server shows as its root. */
export const TOUR_PATH = 'tour.ipynb';

export interface CellText {
  readonly type: string;
  readonly source: string;
}

/** The text of the heading that opens a stage in the tour. */
export function stageHeading(stage: Stage): string {
  return `${stageNumber(stage)} · ${stage.title}`;
}

/**
 * The index of the markdown cell with the heading of the stage, or -1.
 *
 * Only the title decides: a course that inserts a chapter renumbers the others.
 * The number must be there, so that "# Train" in a code sample is no heading.
 */
export function findStageCell(
  cells: readonly CellText[],
  stage: Stage
): number {
  return cells.findIndex(
    cell =>
      cell.type === 'markdown' &&
      numberedHeadings(cell.source).includes(stage.title.toLowerCase())
  );
}

function numberedHeadings(markdown: string): string[] {
  const headings = markdown.matchAll(/^#{1,6}\s+\d+[\s·.:–-]+(.*)$/gm);
  return Array.from(headings, ([, title = '']) => title.trim().toLowerCase());
}

/** Only a hub puts the tour in place, so elsewhere the way out is another one. */
export function missingTourMessage(onHub: boolean): string {
  return onHub
    ? `${TOUR_PATH} is not in your home folder. It is put there when your ` +
        'server starts: choose File > Hub Control Panel, stop your server ' +
        'and start it again.'
    : `${TOUR_PATH} is not in the folder that JupyterLab was started in. ` +
        'Copy it there and try again.';
}

export function missingHeadingMessage(stage: Stage): string {
  return (
    `${TOUR_PATH} has no heading "${stageHeading(stage)}"; it was changed or ` +
    'deleted in your copy. Write it back as "## ' +
    `${stageHeading(stage)}" in a markdown cell, or scroll to the stage yourself.`
  );
}
