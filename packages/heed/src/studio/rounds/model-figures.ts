/** Collects the evaluation figures of each model, from the newest evaluation that includes the model. */

import { type Evaluation, type Figure, type FigureUnit, isModelArm } from '../../evaluate/evaluation.ts';
import { formatFigure } from '../../evaluate/format-figure.ts';
import { allEvaluations } from '../../evaluate/newest-evaluation.ts';
import type { Project } from '../../project/project.ts';
import type { ModelStatus } from '../../rounds/status.ts';
import type { Interval } from '../../statistics/index.ts';

export interface ModelFigures {
  /** Name of the evaluation run that the figures come from. */
  readonly run: string;
  readonly cells: readonly { readonly id: string; readonly text: string; readonly interval: Interval }[];
}

/** The figures that the page shows for each model. */
const SHOWN = ['aligned', 'judging-reward', 'reward', 'diversity'] as const;

export interface FigureColumn {
  readonly id: string;
  readonly label: string;
  readonly unit: FigureUnit;
}

/**
 * Returns the figures in the order of `models`. `columns` has, in the order of `SHOWN`, each figure that at least one
 * model has.
 */
export async function modelFigures(
  project: Project,
  models: readonly Pick<ModelStatus, 'name' | 'modelHash'>[],
): Promise<{ columns: FigureColumn[]; figures: (ModelFigures | undefined)[] }> {
  const evaluations = await allEvaluations(project);
  const found = models.map((model) => {
    for (const evaluation of evaluations) {
      const arm = armOfModel(evaluation, model);
      if (arm !== undefined) return { run: evaluation.run, figures: shownFigures(evaluation), arm };
    }
    return undefined;
  });
  const all = found.flatMap((each) => each?.figures ?? []);
  return {
    columns: SHOWN.flatMap((id) => all.find((figure) => figure.id === id) ?? []).map(({ id, label, unit }) => ({
      id,
      label,
      unit,
    })),
    figures: found.map(
      (each) =>
        each && {
          run: each.run,
          cells: each.figures.flatMap(({ id, unit, arms }) => {
            const value = arms[each.arm];
            return value === undefined
              ? []
              : [{ id, text: formatFigure(value, unit), interval: { mean: value.mean, lo: value.lo, hi: value.hi } }];
          }),
        },
    ),
  };
}

function armOfModel({ arms }: Evaluation, { name, modelHash }: Pick<ModelStatus, 'name' | 'modelHash'>) {
  return arms
    .filter(isModelArm)
    .find((arm) => (modelHash === undefined ? arm.model === name : arm.modelHash === modelHash))?.name;
}

function shownFigures({ figures }: Evaluation): Figure[] {
  return SHOWN.flatMap((id) => figures.find((figure) => figure.id === id) ?? []);
}
