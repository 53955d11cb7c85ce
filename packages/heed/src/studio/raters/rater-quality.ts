/**
 * Measures the quality of a rater's answers: accuracy on known answers, consistency on repeats, answer times, and bias
 * to one label or side. A flag is raised when a measure is too poor to be explained by chance. The owner decides what
 * follows from a flag.
 */
import { groupBy } from '../../collections/group-by.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { type FeedbackEvent, type Judgement, type KnownAnswer, knownAnswers, lastWords } from '../../feedback/index.ts';
import { bootstrapMean, type Interval, wilsonInterval } from '../../statistics/index.ts';
import type { ComparisonAnswer } from '../comparing/comparison-log.ts';

/** A share with its confidence interval, and the number of cases from which the share is computed. */
export interface CountedShare extends Interval {
  readonly count: number;
}

export interface RaterQuality {
  /** Share of images with a known answer that the rater labelled correctly, not counting practice. */
  readonly gold?: CountedShare;
  /** Number of images in `gold` whose known answer comes from the emoji world's recogniser, not from a person. */
  readonly goldSimulated: number;
  /** Share of repeated images that got the same answer as before. */
  readonly repeats?: CountedShare;
  /** The share of answered queries that were answered too fast. */
  readonly tooFast?: CountedShare;
  /** Share of 'left' among the rater's comparison answers other than ties. Sides are random. */
  readonly left?: CountedShare;
  readonly flags: readonly RaterFlag[];
}

/**
 * The condition for each flag. Each test compares one end of a confidence interval with a threshold, so that a few
 * answers alone raise no flag.
 */
const FLAG_TESTS = {
  /** Good raters get nearly all known answers right; guessing gets half of them right. */
  gold: ({ gold }: Measures) => gold !== undefined && gold.hi < 0.8,
  repeats: ({ repeats }: Measures) => repeats !== undefined && repeats.hi < 0.8,
  speed: ({ tooFast }: Measures) => tooFast !== undefined && tooFast.lo > 0.1,
  /** The rater nearly always gives one label, while the other raters use both labels. */
  constant: ({ commonest, othersCommonest }: Measures) =>
    commonest !== undefined && commonest.lo > 0.9 && othersCommonest !== undefined && othersCommonest < 0.8,
  side: ({ left }: Measures) => left !== undefined && (left.lo > 0.6 || left.hi < 0.4),
} as const;
export type RaterFlag = keyof typeof FLAG_TESTS;

interface Measures extends Omit<RaterQuality, 'flags'> {
  /** The share of the label that the rater gives more often. */
  readonly commonest?: CountedShare;
  /** The share of the rater's more frequent label among the other raters' labels. */
  readonly othersCommonest?: number;
}

type Labelled = Judgement & { readonly label: 'good' | 'bad' };

export interface ComparisonTimes {
  /** A comparison answer that took less time is too fast. */
  readonly minComparisonMs: number;
}

/** Reads the log once and returns a function that measures one rater. Simulated raters are ignored. */
export function measureRaters(
  events: readonly FeedbackEvent[],
  comparisons: readonly ComparisonAnswer[],
  { minComparisonMs }: ComparisonTimes,
): (rater: string) => RaterQuality {
  const people = events.filter(({ raterKind }) => raterKind === 'human');
  const known = knownAnswers(events);
  const wordsOf = (purpose: 'feedback' | 'practice' | 'gold' | 'repeat') =>
    groupBy(lastWords(people, { purpose }).filter(isLabelled), ({ rater }) => rater);
  const words = {
    feedback: wordsOf('feedback'),
    practice: wordsOf('practice'),
    gold: wordsOf('gold'),
    repeat: wordsOf('repeat'),
  };
  const all = [...words.feedback.values()].flat();
  const comparedBy = groupBy(comparisons, ({ rater }) => rater);
  return (rater) => {
    const own = (purpose: keyof typeof words) => words[purpose].get(rater) ?? [];
    const compared = comparedBy.get(rater) ?? [];
    const judged = [...own('feedback'), ...own('practice'), ...own('gold'), ...own('repeat')];
    const measures: Measures = {
      ...defined('gold', goldShare(own('gold'), known)),
      goldSimulated: own('gold').filter(({ image }) => known.get(image)?.isSimulated).length,
      ...defined('repeats', repeatShare(own('feedback'), own('repeat'))),
      ...defined('tooFast', countedShare([...areTooFast(judged), ...comparedTooFast(compared, { minComparisonMs })])),
      ...defined('left', leftShare(compared)),
      ...commonestLabel(own('feedback'), all),
    };
    const flags = flagsOf(measures);
    const { commonest: _, othersCommonest: __, ...shown } = measures;
    return { ...shown, flags };
  };
}

function goldShare(own: readonly Labelled[], known: ReadonlyMap<string, KnownAnswer>): CountedShare | undefined {
  return countedShare(
    own.flatMap(({ image, label }) => {
      const right = known.get(image)?.label;
      return right === undefined ? [] : [label === right];
    }),
  );
}

function repeatShare(first: readonly Labelled[], again: readonly Labelled[]): CountedShare | undefined {
  const before = new Map(first.map(({ image, label }) => [image, label]));
  return countedShare(
    again.flatMap(({ image, label }) => {
      const earlier = before.get(image);
      return earlier === undefined ? [] : [label === earlier];
    }),
  );
}

/** Measures only a rater's answers to comparisons: the bias to one side, and answers that are too fast. */
export function measureComparing(
  answers: readonly ComparisonAnswer[],
  times: ComparisonTimes,
): Pick<RaterQuality, 'tooFast' | 'left' | 'flags'> {
  const measures = {
    ...defined('tooFast', countedShare(comparedTooFast(answers, times))),
    ...defined('left', leftShare(answers)),
  };
  return { ...measures, flags: flagsOf({ ...measures, goldSimulated: 0 }) };
}

function flagsOf(measures: Measures): RaterFlag[] {
  return (Object.keys(FLAG_TESTS) as RaterFlag[]).filter((flag) => FLAG_TESTS[flag](measures));
}

/** For each query, whether the answer was too fast. */
function areTooFast(own: readonly Labelled[]): boolean[] {
  return [...groupBy(own, ({ query }) => query).values()].map(([first]) => first!.tooFast === true);
}

/** For each comparison answer with a known time, whether the answer was too fast. */
function comparedTooFast(answers: readonly ComparisonAnswer[], { minComparisonMs }: ComparisonTimes): boolean[] {
  return answers.flatMap(({ seconds }) => (seconds === undefined ? [] : [1000 * seconds < minComparisonMs]));
}

/** Share of left answers. The bootstrap resamples the answers to both questions of a query together. */
function leftShare(answers: readonly ComparisonAnswer[]): CountedShare | undefined {
  const sides = answers
    .map((answer) => QUESTIONS.map((question) => answer[question]).filter((side) => side !== 'tie'))
    .map((given) => given.map((side) => Number(side === 'left')));
  const count = sides.flat().length;
  return count === 0 ? undefined : { ...bootstrapMean(sides), count };
}

function commonestLabel(
  own: readonly Labelled[],
  all: readonly Labelled[],
): Pick<Measures, 'commonest' | 'othersCommonest'> {
  if (own.length === 0) return {};
  const good = own.filter(({ label }) => label === 'good').length;
  const label = 2 * good >= own.length ? 'good' : 'bad';
  const others = all.filter(({ rater }) => rater !== own[0]!.rater);
  const shareOfOthers = others.filter((word) => word.label === label).length / others.length;
  return {
    ...defined('commonest', countedShare(own.map((word) => word.label === label))),
    ...(others.length === 0 ? {} : { othersCommonest: shareOfOthers }),
  };
}

function countedShare(hits: readonly boolean[]): CountedShare | undefined {
  return hits.length === 0
    ? undefined
    : { ...wilsonInterval(hits.filter(Boolean).length, hits.length), count: hits.length };
}

function isLabelled(judgement: Judgement): judgement is Labelled {
  return judgement.label !== 'skip';
}

function defined<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
}
