// What the 120 evaluation prompts of the paper's table 4 ask for, seen and unseen: for measuring a pre-trained model.
// Nothing is trained or chosen on them.
import type { Attributes, BackgroundName, ColourName, Count, ObjectName } from '../vocabulary.ts';

interface Half {
  readonly objects: readonly ObjectName[];
  /** The fifth object, whose colour prompts have black in place of red. */
  readonly last: ObjectName;
  /** Colour of an object in the prompts with a count; without an entry, such prompts name no colour. */
  readonly countedColours: Readonly<Partial<Record<ObjectName, ColourName>>>;
}

const HALVES: Readonly<Record<'seen' | 'unseen', Half>> = {
  seen: { objects: ['dog', 'donut', 'cake', 'vase'], last: 'apple', countedColours: {} },
  unseen: {
    objects: ['bear', 'wolf', 'tiger', 'rabbit'],
    last: 'rose',
    countedColours: { bear: 'brown', rose: 'red' },
  },
};
const PLACES: readonly BackgroundName[] = ['moon', 'sea', 'city', 'forest'];
const NUMBERS: readonly Count[] = [2, 3, 4, 5];

/** The 120 prompts as attributes; `describe` gives their texts. */
export function evaluationAttributes(): { attributes: Attributes; seen: boolean }[] {
  return Object.entries(HALVES).flatMap(([name, { objects, last, countedColours }]) => {
    const all = [...objects, last];
    const attributes: Attributes[] = [
      ...(['red', 'green', 'pink', 'blue'] as const).flatMap((colour) => objects.map((object) => ({ object, colour }))),
      ...(['black', 'green', 'pink', 'blue'] as const).map((colour) => ({ object: last, colour })),
      ...PLACES.flatMap((background) => all.map((object) => ({ object, background }))),
      ...NUMBERS.flatMap((count) =>
        all.map((object) => {
          const colour = countedColours[object];
          return { object, count, ...(colour === undefined ? {} : { colour }) };
        }),
      ),
    ];
    return attributes.map((each) => ({ attributes: each, seen: name === 'seen' }));
  });
}
