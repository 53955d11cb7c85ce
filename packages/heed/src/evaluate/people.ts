/**
 * What people say of an evaluation's images: good or bad of single images, and blind comparisons of two models. Read anew
 * whenever an evaluation is shown, because people answer after it was made. Simulated raters are never counted here.
 */
import { groupBy } from '../collections/group-by.ts';
import { lastWords, readRaters } from '../feedback/index.ts';
import type { Project } from '../project/index.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import type { Interval } from '../statistics/index.ts';
import { comparisonResults } from '../studio/comparing/comparison-results.ts';
import { readComparisons } from '../studio/comparing/read-comparisons.ts';
import type { Evaluation, Figure, Question } from './evaluation.ts';
import { QUESTIONS } from './evaluation.ts';
import { figureOf } from './figures.ts';

/** A blind comparison of two of the evaluation's models by people. */
export interface PeopleComparison {
  /** Names of arms. */
  readonly treated: string;
  readonly baseline: string;
  readonly queries: number;
  /** Queries that as many people answered as were asked for. */
  readonly complete: number;
  readonly answers: number;
  readonly people: number;
  /** Shares of answers and wins minus losses; absent before the first answer. */
  readonly questions: Readonly<
    Record<Question, { readonly win: Interval; readonly lose: Interval; readonly difference: Interval } | undefined>
  >;
}

export interface PeopleFindings {
  /** The share of judged images that people call good; absent where no person has judged one. */
  readonly figure?: Figure;
  readonly people: number;
  readonly comparisons: readonly PeopleComparison[];
  /** Says that no person has judged yet, and how to begin; absent once one has. */
  readonly note?: string;
}

/** How people begin to judge: a command and a button. */
export const HOW_PEOPLE_JUDGE =
  'no person has judged these images yet: run `heed studio` and press "Start a comparison" on its results page, or add judgements with `heed label --import FILE`';

/** Everything that people said of the images of `evaluation` by now. */
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
  const comparisons = peopleComparisons(project, evaluation);
  const hasAnswers = figure !== undefined || comparisons.some(({ answers }) => answers > 0);
  return {
    ...(figure ? { figure } : {}),
    people: raters.size,
    comparisons,
    ...(hasAnswers ? {} : { note: HOW_PEOPLE_JUDGE }),
  };
}

/** Comparisons of models that are arms of the evaluation, by the hash of their weights. */
function peopleComparisons(project: Project, { arms }: Evaluation): PeopleComparison[] {
  const armOfHash = new Map(arms.filter(({ name }) => name !== 'bestOf').map((arm) => [arm.modelHash, arm.name]));
  const raters = readRaters(project);
  const isSetAside = (rater: string) => raters.get(rater)?.isSetAside ?? false;
  return readComparisons(project).flatMap((comparison): PeopleComparison[] => {
    const treated = armOfHash.get(comparison.started.treated.modelHash);
    const baseline = armOfHash.get(comparison.started.baseline.modelHash);
    if (treated === undefined || baseline === undefined) return [];
    const { queries, complete, answers, people, questions } = comparisonResults(comparison, { isSetAside });
    const answersOf = (question: Question) => {
      const { shares, difference } = questions[question];
      return shares && difference ? { win: shares.win, lose: shares.lose, difference } : undefined;
    };
    const byQuestion = Object.fromEntries(QUESTIONS.map((question) => [question, answersOf(question)]));
    return [
      { treated, baseline, queries, complete, answers, people, questions: byQuestion as PeopleComparison['questions'] },
    ];
  });
}
