/**
 * The newest evaluation of a project as rows of text for the studio, with the same figures as the command and the
 * report.
 */
import type { Project } from '../project/index.ts';
import { describeSingleImages } from './describe-people.ts';
import { armLabel, type Figure } from './evaluation.ts';
import { formatDifference, formatFigure } from './format-figure.ts';
import { newestEvaluation } from './newest-evaluation.ts';
import { peopleFindings } from './people.ts';

export interface EvaluationTable {
  readonly run: string;
  /** ISO 8601. */
  readonly time: string;
  readonly prompts: number;
  /** True if simulated raters are among the judges. */
  readonly hasSimulatedRaters: boolean;
  /** People's judgements of single images so far. The page shows comparisons separately. */
  readonly people: readonly string[];
  /** Labels of the arms, in the order of the rows' cells. */
  readonly arms: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly judge: string;
    readonly cells: readonly string[];
    /** A text such as '+4.2 points [1.0, 7.4]' with the pair of arms that it compares. */
    readonly differences: readonly { readonly pair: string; readonly text: string }[];
  }[];
  readonly notes: readonly string[];
}

/** Undefined when the project has no finished evaluation. */
export async function latestEvaluation(project: Project): Promise<EvaluationTable | undefined> {
  const evaluation = await newestEvaluation(project);
  if (!evaluation) return undefined;
  const { run, time, prompts, arms, figures, comparisons, notes, settings } = evaluation;
  const people = await peopleFindings(project, evaluation);
  const rowOf = ({ label, judge, unit, arms: ofArms, differences }: Figure) => ({
    label,
    judge,
    cells: arms.map(({ name }) => (ofArms[name] ? formatFigure(ofArms[name], unit) : '–')),
    differences: differences.map(({ treated, baseline, interval }) => ({
      pair: `${armLabel(arms, treated)} minus ${armLabel(arms, baseline)}`,
      text: formatDifference(interval, unit),
    })),
  });
  return {
    run,
    time,
    prompts: prompts.length === 0 ? settings.prompts : prompts.length,
    hasSimulatedRaters: comparisons.length > 0,
    people: people.note === undefined ? describeSingleImages(people, evaluation) : [],
    arms: arms.map(({ label }) => label),
    rows: [...(people.figure ? [people.figure] : []), ...figures].map(rowOf),
    notes,
  };
}
