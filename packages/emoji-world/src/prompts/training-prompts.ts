/**
 * The 2,774 training prompts, built from the paper's grammar over the 20 seen objects (appendix B).
 *
 * The paper prints the total (2,774) and the number of image-text pairs (27,528) but not the composition. Table 2 of
 * the paper counts the images of each category: 6,480 count, 3,480 colour, 2,400 background, 15,168 combination. Both
 * totals result exactly from 60 images for each prompt, except 30 for backgrounds and 6 for combinations ("up to 60"):
 *
 *     category     prompts  images each  images   which
 *     count            108           60   6,480   one to five of all 20 objects, six of the first 8
 *     colour            58           60   3,480   the 20 of table 4, and 38 spread over the other 15 objects
 *     background        80           30   2,400   4 for each object: those of table 4 where it lists the object
 *     combination    2,528            6  15,168   126 or 127 count-colour-background triples an object, drawn once
 *     total          2,774                27,528
 *
 * The paper does not list them. heed's own choice spreads the prompts over all objects, colours, counts and
 * backgrounds.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe } from '../grammar.ts';
import { type Attributes, BACKGROUNDS, COLOURS, COUNTS, OBJECTS, type ObjectName } from '../vocabulary.ts';
import { SEEN_EVALUATION_ATTRIBUTES } from './evaluation-prompts.ts';
import { categoryOf, type PaperPrompt } from './paper-prompt.ts';

const OBJECTS_WITH_SIX = 8;
const COLOUR_PROMPTS = 58;
const BACKGROUNDS_PER_OBJECT = 4;
const COMBINATION_PROMPTS = 2528;
/** The seed of the drawn combinations, which never changes, because another seed would give another training set. */
const DRAW_SEED = 2302_12192 % 2 ** 31;

const SEEN_OBJECTS: readonly ObjectName[] = OBJECTS.filter(({ seen }) => seen).map(({ name }) => name);

/**
 * The 2,774 training prompts in the order count, colour, background, combination. Every call returns the same prompts.
 */
export function paperTrainingPrompts(): PaperPrompt[] {
  return [...countAttributes(), ...colourAttributes(), ...backgroundAttributes(), ...combinationAttributes()].map(
    (attributes) => ({
      text: describe(attributes),
      category: categoryOf(attributes),
      holdout: false,
      facts: attributes,
    }),
  );
}

function countAttributes(): Attributes[] {
  return COUNTS.flatMap((count) =>
    SEEN_OBJECTS.slice(0, count === 6 ? OBJECTS_WITH_SIX : SEEN_OBJECTS.length).map((object) => ({ object, count })),
  );
}

function colourAttributes(): Attributes[] {
  const listed = SEEN_EVALUATION_ATTRIBUTES.filter((attributes) => categoryOf(attributes) === 'colour');
  const others = SEEN_OBJECTS.filter((object) => !listed.some((attributes) => attributes.object === object));
  // Two colours on for each object and one more for each round gives every object 2 or 3 different colours.
  const rest = Array.from({ length: COLOUR_PROMPTS - listed.length }, (_, i) => ({
    object: others[i % others.length]!,
    colour: COLOURS[(2 * i + Math.floor(i / others.length)) % COLOURS.length]!,
  }));
  return [...listed, ...rest];
}

function backgroundAttributes(): Attributes[] {
  const listed = SEEN_EVALUATION_ATTRIBUTES.filter((attributes) => categoryOf(attributes) === 'background');
  return SEEN_OBJECTS.flatMap((object, index) => {
    const own = listed.filter((attributes) => attributes.object === object);
    return own.length > 0
      ? own
      : Array.from({ length: BACKGROUNDS_PER_OBJECT }, (_, i) => ({
          object,
          background: BACKGROUNDS[(3 * index + 2 * i + Math.floor(index / 2)) % BACKGROUNDS.length]!.name,
        }));
  });
}

function combinationAttributes(): Attributes[] {
  const random = createRandom(DRAW_SEED);
  const share = Math.floor(COMBINATION_PROMPTS / SEEN_OBJECTS.length);
  const remainder = COMBINATION_PROMPTS % SEEN_OBJECTS.length;
  return SEEN_OBJECTS.flatMap((object, index) => {
    const all = COUNTS.flatMap((count) =>
      COLOURS.flatMap((colour) => BACKGROUNDS.map(({ name }) => ({ object, colour, count, background: name }))),
    );
    return random
      .fork(object)
      .shuffle(all)
      .slice(0, share + (index < remainder ? 1 : 0));
  });
}
