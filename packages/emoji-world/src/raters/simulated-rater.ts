// Simulated raters: stand-ins for the people of the paper, so that the whole loop can run unattended. They judge by
// what the recogniser sees, each with its own strictness and error rate. What they say is never to be passed off as
// human.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { createRandom } from '@heed/diffusion/autodiff';
import { describe } from '../grammar.ts';
import { probabilitiesAsked } from '../recogniser/alignment.ts';
import type { Recognition } from '../recogniser/recogniser.ts';
import type { Attributes } from '../vocabulary.ts';
import type { ComparisonVerdict } from './comparison.ts';
import { compareSets } from './comparison.ts';

export type Verdict = 'good' | 'bad' | 'skip';

/** The traits in which raters differ. */
export interface RaterTemper {
  /** Added to the log odds of "good": above 0 is lenient. */
  readonly leniency: number;
  /** Standard deviation of the noise on the log odds: the rater's inconsistency. */
  readonly noise: number;
  /** Probability of giving the opposite label by mistake. */
  readonly lapseRate: number;
  /** A picture is hard to judge if the recogniser's best object probability is below this. */
  readonly skipBelow: number;
  /** Probability of skipping a hard picture. */
  readonly skipRate: number;
}

/** A simulated rater, who gives the same answer to the same question, in whatever order questions are asked. */
export interface SimulatedRater {
  /** 'simulated-1' and so on. */
  readonly id: string;
  readonly temper: RaterTemper;
  judge(recognition: Recognition, attributes: Attributes): Verdict;
  /** Compares two sets of images without knowing which model made them, separately for alignment and fidelity. */
  compare(left: readonly Recognition[], right: readonly Recognition[], attributes: Attributes): ComparisonVerdict;
}

/** `count` raters; equal seeds give equal raters. */
export function createSimulatedRaters({ seed, count }: { seed: number; count: number }): SimulatedRater[] {
  const random = createRandom(seed).fork('simulated raters');
  return Array.from({ length: count }, (_, i) =>
    createSimulatedRater(`simulated-${i + 1}`, random.fork(`rater ${i + 1}`)),
  );
}

function createSimulatedRater(id: string, random: RandomGenerator): SimulatedRater {
  const temper: RaterTemper = {
    leniency: 0.4 * random.normal(),
    noise: 0.6 + 0.4 * random.uniform(),
    lapseRate: 0.01 + 0.04 * random.uniform(),
    skipBelow: 0.45 + 0.2 * random.uniform(),
    skipRate: 0.3 + 0.3 * random.uniform(),
  };
  const answering = random.fork('answers');
  return {
    id,
    temper,
    judge: (recognition, attributes) =>
      judgeOnce(recognition, attributes, temper, answering.fork(`judge ${questionKey([recognition], attributes)}`)),
    compare: (left, right, attributes) =>
      compareSets(left, right, attributes, {
        noise: temper.noise,
        lapseRate: temper.lapseRate,
        random: answering.fork(`compare ${questionKey([...left, ...right], attributes)}`),
      }),
  };
}

function judgeOnce(
  recognition: Recognition,
  attributes: Attributes,
  temper: RaterTemper,
  random: RandomGenerator,
): Verdict {
  const certainty = Math.max(...recognition.probabilities.object);
  const skips = random.uniform() < temper.skipRate;
  if (certainty < temper.skipBelow && skips) return 'skip';
  const logOdds = logOddsOf(chanceAllShown(recognition, attributes)) + temper.leniency + temper.noise * random.normal();
  const meant = logOdds > 0;
  const lapses = random.uniform() < temper.lapseRate;
  return meant !== lapses ? 'good' : 'bad';
}

/** The probability that the image shows all attributes of the prompt, if the attributes are treated as independent. */
export function chanceAllShown(recognition: Recognition, attributes: Attributes): number {
  return Object.values(probabilitiesAsked(recognition, attributes)).reduce((product, p) => product * p, 1);
}

// A network that is sure is surer than a person looking at a blurred drawing: its odds are held within e^3.
function logOddsOf(probability: number): number {
  return Math.min(3, Math.max(-3, Math.log((probability + 1e-6) / (1 - probability + 1e-6))));
}

function questionKey(recognitions: readonly Recognition[], attributes: Attributes): string {
  const seen = recognitions.map(({ probabilities: { object, colour, count, background } }) =>
    [object, colour, count, background].map((p) => [...p].map((v) => v.toFixed(3)).join(' ')).join('/'),
  );
  return `${describe(attributes)} ${seen.join('|')}`;
}
