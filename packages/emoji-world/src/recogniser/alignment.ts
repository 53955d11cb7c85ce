// Whether a picture shows what its prompt asked for, by the recogniser's best guesses. Raters with moods are in
// raters/.
import type { Attributes, BackgroundName, ColourName } from '../vocabulary.ts';
import type { HeadName } from './labels.ts';
import { BACKGROUND_CLASSES, COLOUR_CLASSES, COUNT_CLASSES, HEAD_NAMES, OBJECT_CLASSES } from './labels.ts';
import type { Recognition } from './recogniser.ts';

export interface Alignment {
  /** Whether the image shows every attribute of its prompt. */
  readonly correct: boolean;
  /** Whether the image shows each attribute of its prompt. */
  readonly perAttribute: Readonly<Partial<Record<HeadName, boolean>>>;
}

/** Compares a recognition with the prompt's attributes; an attribute that the prompt does not mention is not judged. */
export function alignmentOf(recognition: Recognition, attributes: Attributes): Alignment {
  const perAttribute: Partial<Record<HeadName, boolean>> = {};
  for (const head of HEAD_NAMES) {
    const asked = attributes[head];
    if (asked !== undefined) perAttribute[head] = recognition[head] === asked;
  }
  return { correct: Object.values(perAttribute).every((right) => right), perAttribute };
}

/** The probability that the recogniser gives to each attribute of the prompt. */
export function probabilitiesAsked(
  recognition: Recognition,
  attributes: Attributes,
): Partial<Record<HeadName, number>> {
  const { object, colour, count, background } = attributes;
  const { probabilities } = recognition;
  return {
    object: probabilities.object[OBJECT_CLASSES.indexOf(object)]!,
    ...(colour === undefined
      ? {}
      : { colour: probabilities.colour[COLOUR_CLASSES.indexOf(colour satisfies ColourName)]! }),
    ...(count === undefined ? {} : { count: probabilities.count[COUNT_CLASSES.indexOf(count)]! }),
    ...(background === undefined
      ? {}
      : { background: probabilities.background[BACKGROUND_CLASSES.indexOf(background satisfies BackgroundName)]! }),
  };
}
