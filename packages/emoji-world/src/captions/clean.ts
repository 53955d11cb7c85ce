// True captions: they say what a scene shows, all of it or part, in the paper's template or near it. Nothing here is
// ever wrong; the web's captions are in web.ts.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { describe, noun, sentence, templatePhrase, withArticle } from '../grammar.ts';
import { chance, pickWeighted } from '../sampling.ts';
import type { Scene } from '../scene/scene.ts';
import type { Attributes } from '../vocabulary.ts';
import { backgroundWord } from '../vocabulary.ts';

/** The attributes to mention for a scene. The count of a single object is often left out, as in people's captions. */
function attributesOf(scene: Scene, random: RandomGenerator): Attributes {
  const countSaid = scene.count > 1 || chance(random, 0.25);
  return {
    object: scene.object,
    ...(scene.colour && { colour: scene.colour }),
    ...(countSaid && { count: scene.count }),
    ...(scene.background && { background: scene.background }),
  };
}

type Paraphrase = (attributes: Attributes) => string;

/** The template sentence and the paraphrases of it, each with the probability that a caption uses it. */
const PARAPHRASES = {
  template: { weight: 0.5, say: describe },
  plainColour: { weight: 0.15, say: (a) => sentence(plainPhrase(a)) },
  photo: { weight: 0.1, say: (a) => sentence(`a picture of ${plainPhrase(a)}`) },
  thereIs: { weight: 0.1, say: (a) => sentence(`there ${(a.count ?? 1) > 1 ? 'are' : 'is'} ${plainPhrase(a)}`) },
  placeFirst: { weight: 0.1, say: placeFirst },
  bare: { weight: 0.05, say: (a) => templatePhrase(a) },
} satisfies Record<string, { weight: number; say: Paraphrase }>;

const WEIGHTS = Object.fromEntries(Object.entries(PARAPHRASES).map(([key, { weight }]) => [key, weight])) as Record<
  keyof typeof PARAPHRASES,
  number
>;

/** A correct caption of the scene: the paper's template sentence half of the time, else a paraphrase. */
export function cleanCaption(scene: Scene, random: RandomGenerator): string {
  const attributes = attributesOf(scene, random);
  return PARAPHRASES[pickWeighted(random, WEIGHTS)].say(attributes);
}

/** 'a green dog in the forest': the template without the word "colored". */
function plainPhrase({ object, colour, count, background }: Attributes): string {
  if (count !== undefined)
    return templatePhrase({ object, count, ...(colour && { colour }), ...(background && { background }) });
  const subject = withArticle(colour === undefined ? noun(object, 1) : `${colour} ${noun(object, 1)}`);
  return background === undefined ? subject : `${subject} ${backgroundWord(background).phrase}`;
}

/** 'In the forest, a green dog.'; without a place it is the plain phrase. */
function placeFirst({ background, ...rest }: Attributes): string {
  return sentence(
    background === undefined ? plainPhrase(rest) : `${backgroundWord(background).phrase}, ${plainPhrase(rest)}`,
  );
}
