// The blind comparison of two sets of images, as section 4 of the paper asks it of raters: which set fits the prompt
// better, and, apart from that, which is the better picture. The rater's temper comes from outside.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { probabilitiesAsked } from '../recogniser/alignment.ts';
import type { Recognition } from '../recogniser/recogniser.ts';
import type { Attributes } from '../vocabulary.ts';

export type Preference = 'left' | 'right' | 'tie';

export interface ComparisonVerdict {
  readonly alignment: Preference;
  readonly fidelity: Preference;
}

/** Tie threshold: two sets tie when their scores, after noise, differ by less than this. */
const TIE_WIDTH = { alignment: 0.08, fidelity: 0.06 } as const;
/** Noise on the difference of two set scores, as a fraction of the rater's noise on log odds. */
const NOISE_SHARE = { alignment: 0.08, fidelity: 0.07 } as const;
/**
 * The sharpness at which a picture is rated as fully crisp: the mean over clean scenes, from the recogniser's model
 * card.
 */
const CRISP_SHARPNESS = 40;

/** One rater's verdict on two sets of images shown side by side. */
export function compareSets(
  left: readonly Recognition[],
  right: readonly Recognition[],
  attributes: Attributes,
  { noise, lapseRate, random }: { noise: number; lapseRate: number; random: RandomGenerator },
): ComparisonVerdict {
  if (left.length === 0 || right.length === 0) {
    throw new Error(`both sets of a comparison must hold images, they hold ${left.length} and ${right.length}`);
  }
  const prefer = (question: 'alignment' | 'fidelity', difference: number): Preference => {
    const felt = difference + NOISE_SHARE[question] * noise * random.normal();
    const lapses = random.uniform() < lapseRate;
    if (lapses) return (['left', 'right', 'tie'] as const)[random.integer(3)]!;
    return felt > TIE_WIDTH[question] ? 'left' : felt < -TIE_WIDTH[question] ? 'right' : 'tie';
  };
  const alignment = (set: readonly Recognition[]) => meanOf(set.map((r) => alignmentScore(r, attributes)));
  const fidelity = (set: readonly Recognition[]) => meanOf(set.map(fidelityScore));
  return {
    alignment: prefer('alignment', alignment(left) - alignment(right)),
    fidelity: prefer('fidelity', fidelity(left) - fidelity(right)),
  };
}

/** Alignment of one image, 0 to 1: the mean of the recogniser's probabilities for the requested attributes. */
export function alignmentScore(recognition: Recognition, attributes: Attributes): number {
  return meanOf(Object.values(probabilitiesAsked(recognition, attributes)));
}

/**
 * Image quality independent of the prompt, 0 to 1. The score is only a proxy: the mean of the recogniser's highest
 * object probability, its highest background probability, and the edge sharpness.
 */
export function fidelityScore({ probabilities, sharpness }: Recognition): number {
  const certainty = (Math.max(...probabilities.object) + Math.max(...probabilities.background)) / 2;
  return (2 * certainty + Math.min(1, sharpness / CRISP_SHARPNESS)) / 3;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
