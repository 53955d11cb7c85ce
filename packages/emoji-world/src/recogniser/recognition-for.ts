// Recognitions of a given certainty, for tests and for checking raters without pictures.
import type { Attributes, Count } from '../vocabulary.ts';
import { HEAD_NAMES, HEADS, labelsOf } from './labels.ts';
import type { Recognition } from './recogniser.ts';

/** A recognition of these attributes in which each class is right with probability `certainty`. */
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
