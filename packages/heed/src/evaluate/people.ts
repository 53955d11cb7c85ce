/**
 * People's judgements of an evaluation's images: good or bad labels of single images, and blind comparisons of two
 * models. The judgements are read each time an evaluation is shown, because people answer after the run. The answers of
 * simulated raters are not included.
 */
import { groupBy } from '../collections/group-by.ts';
import { lastWords, readRaters } from '../feedback/index.ts';
import type { Project } from '../project/index.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import type { Interval } from '../statistics/index.ts';
import { comparisonResults } from '../studio/comparing/comparison-results.ts';
import type { PairResults, Verdict } from '../studio/comparing/pair-results.ts';
import { readComparisons } from '../studio/comparing/read-comparisons.ts';
import { type Evaluation, type Figure, isModelArm, QUESTIONS, type Question } from './evaluation.ts';
import { figureOf } from './figures.ts';

/** People's blind comparison of two models of the evaluation. */
export interface PeopleComparison extends Pick<PairResults, 'queries' | 'complete' | 'answers'> {
  /** Names of arms. */
  readonly treated: string;
  readonly baseline: string;
  readonly people: number;
  /** The result for each question; undefined before the first answer. */
  readonly verdicts: Readonly<Record<Question, Verdict | undefined>>;
}

/** Bradley-Terry strengths in one comparison for one question. */
export interface PeopleStrengths {
  readonly question: Question;
  readonly models: readonly { readonly name: string; readonly strength: Interval }[];
}

export interface PeopleFindings {
  /** The share of judged images that people call good; undefined when no person has judged an image. */
  readonly figure?: Figure;
  readonly people: number;
  readonly comparisons: readonly PeopleComparison[];
  /**
   * Strengths from comparisons of more than two models, all of them arms of the evaluation. The strongest arm comes
   * first.
   */
  readonly strengths: readonly PeopleStrengths[];
  /** Says that no person has judged yet and how to begin; undefined after the first judgement. */
  readonly note?: string;
}

/** How people begin judging: a command and a button. */
export const HOW_PEOPLE_JUDGE =
  'no person has judged these images yet: run `heed studio` and press "Start a comparison" on its results page, or add judgements with `heed label --import FILE`';

/** Collects people's judgements so far of the images of `evaluation`. */
export async function peopleFindings(project: Project, evaluation: Evaluation): Promise<PeopleFindings> {
  const { arms, prompts, settings } = evaluation;
  const judgements = lastWords(await readCountingEvents(project)).filter(
    ({ raterKind, label }) => raterKind === 'human' && label !== 'skip',
  );
  const byImage = groupBy(judgements, ({ image }) => image);
  const values = Object.fromEntries(
    arms.map(({ name, imageIds }) => [
      name,
      imageIds.map((ofPrompt) =>
        ofPrompt.flatMap((id) => (byImage.get(id) ?? []).map(({ label }) => (label === 'good' ? 1 : 0))),
      ),
    ]),
  );
  const figure = figureOf(
    { id: 'people', label: 'good in the eyes of people', judge: 'people', unit: 'share', values },
    {
      prompts,
      pairs: arms.slice(1).map(({ name }) => [name, arms[0]!.name]),
      bootstrap: { seed: settings.seed },
    },
  );
  const ids = new Set(arms.flatMap(({ imageIds }) => imageIds.flat()));
  const raters = new Set(judgements.filter(({ image }) => ids.has(image)).map(({ rater }) => rater));
  const { comparisons, strengths } = peopleComparisons(project, evaluation);
  const hasAnswers = figure !== undefined || comparisons.some(({ answers }) => answers > 0);
  return {
    ...(figure ? { figure } : {}),
    people: raters.size,
    comparisons,
    strengths,
    ...(hasAnswers ? {} : { note: HOW_PEOPLE_JUDGE }),
  };
}

/** Comparisons of models that are arms of the evaluation, matched by the hash of their weights. */
function peopleComparisons(project: Project, { arms }: Evaluation): Pick<PeopleFindings, 'comparisons' | 'strengths'> {
  const armOfHash = new Map(arms.filter(isModelArm).map((arm) => [arm.modelHash, arm.name]));
  const raters = readRaters(project);
  const isSetAside = (rater: string) => raters.get(rater)?.isSetAside ?? false;
  const { resamples } = project.config.evaluate;
  const found = readComparisons(project).map((comparison) => ({
    names: comparison.started.models.map(({ modelHash }) => armOfHash.get(modelHash)),
    results: comparisonResults(comparison, { isSetAside, resamples }),
  }));
  return {
    comparisons: found.flatMap(({ names, results: { people, pairs } }) =>
      pairs.flatMap(({ pair, queries, complete, answers, questions }): PeopleComparison[] => {
        const [treated, baseline] = pair.map((place) => names[place]);
        if (treated === undefined || baseline === undefined) return [];
        const verdicts = Object.fromEntries(
          QUESTIONS.map((question) => [question, questions[question].verdict]),
        ) as PeopleComparison['verdicts'];
        return [{ treated, baseline, queries, complete, answers, people, verdicts }];
      }),
    ),
    strengths: found.flatMap(({ names, results: { strengths } }) => {
      const known = names.filter((name) => name !== undefined);
      if (!strengths || known.length < names.length) return [];
      return QUESTIONS.map((question) => ({
        question,
        models: strengths[question].map(({ model, strength }) => ({ name: known[model]!, strength })),
      }));
    }),
  };
}
