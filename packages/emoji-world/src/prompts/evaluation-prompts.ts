// The 120 evaluation prompts of the paper's table 4: 60 with seen objects, 60 with unseen ones. The printed table is
// cut off after "Five dogs." and after "Four rabbits.". The missing rows follow from its pattern.
import { describe } from '../grammar.ts';
import type { Attributes, ColourName, ObjectName } from '../vocabulary.ts';
import { categoryOf, type PaperPrompt } from './paper-prompt.ts';

interface Half {
  /** The objects of one row: the first four have the same colours, the fifth has other colours. */
  readonly objects: readonly [ObjectName, ObjectName, ObjectName, ObjectName, ObjectName];
  /** Colours in the count prompts of some objects, as printed in the table ("Two brown bears."). */
  readonly colourWhenCounted: Partial<Record<ObjectName, ColourName>>;
}

const SEEN: Half = { objects: ['dog', 'donut', 'cake', 'vase', 'apple'], colourWhenCounted: {} };
const UNSEEN: Half = {
  objects: ['bear', 'wolf', 'tiger', 'rabbit', 'rose'],
  colourWhenCounted: { bear: 'brown', rose: 'red' },
};

/** Attributes of the 60 seen prompts, in the order of the table. */
export const SEEN_EVALUATION_ATTRIBUTES: readonly Attributes[] = attributesOf(SEEN);

/** The 120 prompts in the order of the table: 60 with seen objects, then 60 with unseen objects, which are held out. */
export function paperEvaluationPrompts(): PaperPrompt[] {
  return [
    ...SEEN_EVALUATION_ATTRIBUTES.map((attributes) => toPrompt(attributes, { holdout: false })),
    ...attributesOf(UNSEEN).map((attributes) => toPrompt(attributes, { holdout: true })),
  ];
}

function attributesOf({ objects, colourWhenCounted }: Half): Attributes[] {
  const fifth = objects[4];
  return [
    ...(['red', 'green', 'pink', 'blue'] as const).flatMap((colour) =>
      objects.slice(0, 4).map((object) => ({ object, colour })),
    ),
    ...(['black', 'green', 'pink', 'blue'] as const).map((colour) => ({ object: fifth, colour })),
    ...(['moon', 'sea', 'city', 'forest'] as const).flatMap((background) =>
      objects.map((object) => ({ object, background })),
    ),
    ...([2, 3, 4, 5] as const).flatMap((count) =>
      objects.map((object) => {
        const colour = colourWhenCounted[object];
        return { object, count, ...(colour === undefined ? {} : { colour }) };
      }),
    ),
  ];
}

// "Two brown bears." stands among the counts of the table: the colour is the animal's own and what is asked is the
// count.
function toPrompt(attributes: Attributes, { holdout }: { holdout: boolean }): PaperPrompt {
  const category = attributes.count === undefined ? categoryOf(attributes) : 'count';
  return { text: describe(attributes), category, holdout, facts: attributes };
}
