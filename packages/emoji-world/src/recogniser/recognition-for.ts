// Recognitions of a given certainty, for tests and for checking raters without pictures.
import type { Attributes, Count } from '../vocabulary.ts';
import { HEAD_NAMES, HEADS, labelsOf } from './labels.ts';
import type { Recognition } from './recogniser.ts';

/** Makes a recognition in which each head gives the probability `certainty` to the class of its attribute. */
export function recognitionFor(
  attributes: Attributes & { count: Count },
  certainty = 0.97,
  sharpness = 40,
): Recognition {
  const labels = labelsOf(attributes);
  const probabilities = Object.fromEntries(
    HEAD_NAMES.map((head) => {
      const rest = (1 - certainty) / (HEADS[head] - 1);
      return [head, new Float32Array(HEADS[head]).fill(rest).fill(certainty, labels[head], labels[head] + 1)];
    }),
  ) as Recognition['probabilities'];
  return {
    object: attributes.object,
    colour: attributes.colour ?? 'natural',
    count: attributes.count,
    background: attributes.background ?? 'plain',
    probabilities,
    sharpness,
  };
}
