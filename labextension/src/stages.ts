/** The stages of a project in the order in which a student meets them. */

export interface Stage {
  readonly id: string;
  /** As in the heading of the tour. */
  readonly title: string;
  readonly summary: string;
  /** The library call that does it. */
  readonly call: string;
}

export const STAGES: readonly Stage[] = [
  {
    id: 'import',
    title: 'Import',
    summary: 'Bring a micrograph and its pixel size into the project.',
    call: 'project.import_image(…)'
  },
  {
    id: 'tile',
    title: 'Tile',
    summary: 'Lay a grid of overlapping tiles over the image.',
    call: 'project.tile(…)'
  },
  {
    id: 'annotate',
    title: 'Annotate',
    summary: 'Mark axons and myelin: these labels are what a model learns.',
    call: 'project.annotate(…)'
  },
  {
    id: 'training-set',
    title: 'Training set',
    summary: 'Freeze annotated tiles, split by image so that nothing leaks.',
    call: 'project.create_training_set(…)'
  },
  {
    id: 'train',
    title: 'Train',
    summary: 'Fit a model, here or on the GPU, and watch its live curves.',
    call: 'project.train(…)'
  },
  {
    id: 'predict',
    title: 'Predict',
    summary: 'Run the model over a whole new image and stitch its tiles.',
    call: 'project.predict(…)'
  },
  {
    id: 'analyse',
    title: 'Analyse',
    summary: 'Score the prediction per class and per object, with figures.',
    call: 'project.evaluate(…)'
  }
];

/** The number that a student sees: 1 for the first stage. */
export function stageNumber(stage: Stage): number {
  return STAGES.indexOf(stage) + 1;
}

/** The stage with this id; throws when there is none. */
export function stageById(id: string): Stage {
  const stage = STAGES.find(candidate => candidate.id === id);
  if (!stage) {
    const ids = STAGES.map(candidate => candidate.id).join(', ');
    throw new Error(`There is no stage "${id}"; the stages are ${ids}.`);
  }
  return stage;
}
