/**
 * An invented evaluation with every part present, for the tests of the report. The numbers come from a seeded stream
 * and have no meaning; no report of a project contains them.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { encode } from 'fast-png';
import type { JudgedPrompt } from '../evaluate/alignment-summary.ts';
import { alignmentDifference, summariseAlignment, summariseAttributes } from '../evaluate/alignment-summary.ts';
import { summariseVotes } from '../evaluate/blind-comparison.ts';
import type { ArmResult, Comparison, Figure, Outcome } from '../evaluate/evaluation.ts';
import { figureOf, type Measure } from '../evaluate/figures.ts';
import { bootstrapMean } from '../statistics/index.ts';
import type { ReportInput, RewardAccuracy, RewardDetails } from './report-input.ts';

const random = createRandom(20);
/** A small number of resamples is enough, since the numbers are invented. */
const BOOTSTRAP = { seed: 1, resamples: 100 };
const CATEGORIES: readonly string[] = ['colour', 'background', 'count'];
const PROMPTS = Array.from({ length: 60 }, (_, i) => ({
  text: i % 2 === 0 ? 'A pink colored dog.' : 'Three wolves.',
  category: CATEGORIES[i % 3]!,
  seen: i % 2 === 0,
}));

const DETAILS: RewardDetails = {
  trust: [
    {
      category: 'colour',
      group: 'seen',
      pairs: 120,
      prompts: 30,
      accuracy: { mean: 0.81, lo: 0.74, hi: 0.87 },
      trust: 'measured',
    },
    {
      category: 'count',
      group: 'unseen',
      pairs: 12,
      prompts: 4,
      accuracy: { mean: 0.58, lo: 0.33, hi: 0.83 },
      trust: 'unsure',
    },
    { category: 'custom', group: 'seen', pairs: 0, prompts: 0, trust: 'unmeasured' },
  ],
  learningCurve: {
    points: [
      { share: 0.25, images: 500, accuracy: { mean: 0.71, lo: 0.66, hi: 0.76 } },
      { share: 0.5, images: 1000, accuracy: { mean: 0.77, lo: 0.72, hi: 0.81 } },
      { share: 1, images: 2000, accuracy: { mean: 0.81, lo: 0.77, hi: 0.85 } },
    ],
    allMinusHalf: { mean: 0.04, lo: 0.01, hi: 0.07 },
  },
  perturbations: { world: 180, words: 12 },
  leftOut: [{ reason: 'measures', images: 480, names: ['eval'] }],
};

const ARMS: readonly (readonly [name: string, label: string, rate: number, frechet: number])[] = [
  ['base', 'base', 0.45, 11.2],
  ['tuned', 'tuned', 0.62, 12.9],
  ['bestOf', 'best 4 of 16', 0.66, 0],
  ['labelled-only', 'labelled only', 0.58, 21.3],
  ['without-pretraining', '+ unlabelled', 0.61, 17.4],
  ['as-printed', 'equation 2 as printed', 0.6, 14.1],
];

const judgedByArm = new Map(ARMS.map(([name, , rate]) => [name, judge(rate)]));

/** Makes a complete report input; each test that changes an input calls this function for a new one. */
export function exampleInput(): ReportInput {
  return {
    title: 'Example report',
    time: '2026-01-01 12:00 UTC',
    facts: { seed: '0', images: '1,200', 'wall time': '8 min 12 s' },
    feedback: {
      simulatedRaters: 2,
      humanRaters: 0,
      rows: CATEGORIES.map((category, i) => ({ category, good: 200 + 60 * i, bad: 300 - 40 * i, skip: 20 })),
    },
    rewardDetails: DETAILS,
    rewards: [
      reward('clip', 'CLIP score', 0.66, 0.63),
      reward('plain', 'reward', 0.79, 0.7),
      reward('half', 'reward + auxiliary, half', 0.8, 0.74),
      reward('aux', 'reward + auxiliary', 0.83, 0.77),
    ],
    evaluation: {
      version: 2,
      run: 'evaluate-1',
      time: '2026-01-01T12:00:00.000Z',
      world: 'emoji',
      prompts: PROMPTS.map(({ text, category, seen }) => ({ text, category, holdout: !seen })),
      figures: [alignedFigure(), clipFigure()],
      others: [],
      notes: [],
      settings: {
        seed: 0,
        prompts: 60,
        imagesPerPrompt: 4,
        bestOf: 16,
        raters: 9,
        fidelityImages: 256,
        sampler: 'dpmpp_2m',
        steps: 12,
        guidanceScale: 3,
      },
      arms: ARMS.map(arm),
      differences: PAIRS.map(([treated, baseline]) => ({
        treated,
        baseline,
        interval: alignmentDifference(judgedByArm.get(treated)!, judgedByArm.get(baseline)!, BOOTSTRAP),
      })),
      comparisons: [comparison('tuned', 'base', 0.55), comparison('bestOf', 'base', 0.5)],
      gallery: [],
    },
    curves: [{ run: 'tune-1', label: 'tuned', records: curve() }],
    grids: [0, 100, 200].map((step) => ({ step, picture: dataUri(256, 64, step) })),
    gridPrompts: PROMPTS.slice(0, 4).map(({ text }) => text),
    pairs: PROMPTS.slice(0, 6).map(({ text, seen }, i) => ({
      prompt: text,
      seen,
      seed: i,
      pictures: ['base', 'tuned'].map((label, side) => ({
        label,
        picture: dataUri(64, 64, 31 * i + 97 * side),
        correct: side === 1,
      })),
    })),
  };
}

const PAIRS = [
  ['tuned', 'base'],
  ['bestOf', 'base'],
  ['tuned', 'bestOf'],
] as const;

const figured = (measure: Measure) =>
  figureOf(measure, {
    prompts: PROMPTS.map(({ text, category, seen }) => ({ text, category, holdout: !seen })),
    pairs: PAIRS,
    bootstrap: BOOTSTRAP,
  })!;

function alignedFigure(): Figure {
  const values = Object.fromEntries(
    [...judgedByArm].map(([name, judged]) => [
      name,
      judged.map(({ alignments }) => alignments.map(({ correct }) => (correct ? 1 : 0))),
    ]),
  );
  return figured({ id: 'aligned', label: 'aligned images', judge: 'recogniser', unit: 'share', values });
}

function clipFigure(): Figure {
  const values = Object.fromEntries(
    ARMS.map(([name, , rate]) => [name, PROMPTS.map(() => [0.2 + 0.1 * rate + 0.02 * random.normal()])]),
  );
  return figured({ id: 'clip-score', label: 'CLIP score', judge: 'CLIP', unit: 'number', values });
}

function judge(rate: number): JudgedPrompt[] {
  return PROMPTS.map(({ text, category, seen }) => {
    const ofPrompt = Math.min(0.98, Math.max(0.02, rate + 0.25 * random.normal()));
    const alignments = Array.from({ length: 4 }, () => {
      const correct = random.uniform() < ofPrompt;
      return { correct, perAttribute: { object: correct || random.uniform() < 0.8, count: correct } };
    });
    return { prompt: { text, category, holdout: !seen }, alignments };
  });
}

function arm([name, label, rate, frechet]: (typeof ARMS)[number]): ArmResult {
  const judged = judgedByArm.get(name)!;
  return {
    name,
    label,
    model: name,
    modelHash: '0123456789abcdef',
    images: 240,
    imageIds: [],
    alignment: summariseAlignment(judged, BOOTSTRAP),
    perAttribute: summariseAttributes(judged, BOOTSTRAP),
    reward: bootstrapMean(
      judged.map(() => [rate + 0.1 * random.normal()]),
      BOOTSTRAP,
    ),
    ...(frechet > 0 ? { fidelity: { frechet, cmmd: frechet / 9 } } : {}),
  };
}

function comparison(treated: string, baseline: string, winRate: number): Comparison {
  const vote = (rate: number): Outcome => {
    const draw = random.uniform();
    return draw < rate ? 'win' : draw < rate + 0.25 ? 'tie' : 'lose';
  };
  const outcomes = (rate: number) =>
    PROMPTS.map(() => {
      const ofQuery = rate + 0.3 * random.normal();
      return Array.from({ length: 9 }, () => vote(ofQuery));
    });
  return {
    treated,
    baseline,
    queries: PROMPTS.length,
    raters: 9,
    agreement: 7,
    setSize: 4,
    answers: {
      alignment: summariseVotes(outcomes(winRate), PROMPTS, 7),
      fidelity: summariseVotes(outcomes(0.35), PROMPTS, 7),
    },
  };
}

function reward(variant: string, label: string, seen: number, unseen: number): RewardAccuracy {
  const around = (mean: number, n: number) => ({ mean, lo: mean - 0.04, hi: mean + 0.04, n });
  return {
    variant,
    label,
    seen: around(seen, 400),
    unseen: around(unseen, 310),
    byCategory: Object.fromEntries(CATEGORIES.map((category) => [category, around(seen - 0.02, 130)])),
    ...(variant === 'aux'
      ? {}
      : {
          auxMinusThis: {
            seen: { mean: 0.83 - seen, lo: 0.8 - seen, hi: 0.86 - seen },
            unseen: { mean: 0.77 - unseen, lo: 0.74 - unseen, hi: 0.8 - unseen },
          },
        }),
  };
}

function curve(): Record<string, number>[] {
  return Array.from({ length: 120 }, (_, i) => ({
    step: i + 1,
    loss: 0.4 + 0.3 * Math.exp(-i / 30) + 0.05 * random.normal(),
    'model loss': 0.2 + 0.1 * Math.exp(-i / 30) + 0.03 * random.normal(),
    learningRate: 1e-4 * Math.min(1, (i + 1) / 20),
  }));
}

function dataUri(width: number, height: number, tone: number): string {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (tone * 37 + (i % 3) * 60 + Math.floor(i / (width * 3)) * 2) % 256;
  return `data:image/png;base64,${Buffer.from(encode({ width, height, data, channels: 3 })).toString('base64')}`;
}
