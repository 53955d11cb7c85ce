// The classes of the recogniser's four heads, in the order of their logits. No arithmetic here.
import type { BackgroundName, ColourName, Count, ObjectName } from '../vocabulary.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';

export type RecognisedColour = ColourName | 'natural';
export type RecognisedBackground = BackgroundName | 'plain';

export const OBJECT_CLASSES: readonly ObjectName[] = OBJECTS.map((o) => o.name);
export const COLOUR_CLASSES: readonly RecognisedColour[] = ['natural', ...COLOURS];
export const COUNT_CLASSES: readonly Count[] = COUNTS;
export const BACKGROUND_CLASSES: readonly RecognisedBackground[] = ['plain', ...BACKGROUNDS.map((b) => b.name)];

/** The heads and how many classes each has. */
export const HEADS = {
  object: OBJECT_CLASSES.length,
  colour: COLOUR_CLASSES.length,
  count: COUNT_CLASSES.length,
  background: BACKGROUND_CLASSES.length,
} as const;

export type HeadName = keyof typeof HEADS;
export const HEAD_NAMES = Object.keys(HEADS) as readonly HeadName[];

/** The true class index of each head for a scene. */
export function labelsOf(scene: {
  object: ObjectName;
  colour?: ColourName | undefined;
  count: Count;
  background?: BackgroundName | undefined;
}): Record<HeadName, number> {
  return {
    object: OBJECT_CLASSES.indexOf(scene.object),
    colour: COLOUR_CLASSES.indexOf(scene.colour ?? 'natural'),
    count: COUNT_CLASSES.indexOf(scene.count),
    background: BACKGROUND_CLASSES.indexOf(scene.background ?? 'plain'),
  };
}
