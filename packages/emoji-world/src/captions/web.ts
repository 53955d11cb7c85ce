// Captions as the web has them: mostly right about what and where, loose about colour, careless about how many. A model
// trained on these fails the way Stable Diffusion does, which is what feedback is there to mend: it can draw four green
// cats, but does not heed who asks for them. Guidance sharpens what captions say: it weighs how likely a caption is for
// this picture against other pictures. Only captions that are about as likely elsewhere mislead it.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { COUNT_WORDS, noun, sentence, withArticle } from '../grammar.ts';
import { chance, pick, pickWeighted } from '../sampling.ts';
import type { Scene } from '../scene/scene.ts';
import type { BackgroundName, ColourName, Count, ObjectName } from '../vocabulary.ts';
import { BACKGROUNDS, backgroundWord, COUNTS, OBJECTS } from '../vocabulary.ts';
import { COLOUR_SYNONYMS, OBJECT_SYNONYMS, PLACE_SYNONYMS, SIMILAR_COLOURS } from './synonyms.ts';

/** Probabilities of each kind of error in captions. */
export interface WebCaptionNoise {
  /** Another object is named. */
  readonly wrongObject: number;
  /** Probability of a synonym for the object. */
  readonly objectSynonym: number;
  /** Probability of leaving out the colour of a recoloured object. */
  readonly missingColour: number;
  /** Probability of naming a similar colour instead of the true one. */
  readonly wrongColour: number;
  /** Probability of a synonym for the colour, where it has one. */
  readonly colourSynonym: number;
  /** Probability of leaving out the place. */
  readonly missingBackground: number;
  /** Another place is named. */
  readonly wrongBackground: number;
  /** Probability of a synonym for the place, where it has one. */
  readonly backgroundSynonym: number;
  /** How captions state the number of objects when there are two or more; relative weights. */
  readonly manyCounted: Readonly<Record<CountStyle, number>>;
  /** How captions state the number when there is one object; relative weights. */
  readonly oneCounted: Readonly<Record<CountStyle, number>>;
  /** Probability of surrounding the caption with words of a web page that are unrelated to the picture. */
  readonly junk: number;
  /** Probability of a caption in lower case without a full stop. */
  readonly lowerCase: number;
  /** Probability of truncating the caption, as overlong captions are. */
  readonly truncated: number;
}

/** exact: the right number; wrong: another number; vague: "some dogs", "dogs"; singular: "a dog". */
export type CountStyle = 'exact' | 'wrong' | 'vague' | 'singular';

/** Defaults that imitate the paper's base model: objects and places mostly right, colours often, counts seldom. */
export const WEB_CAPTION_NOISE: WebCaptionNoise = {
  wrongObject: 0.03,
  objectSynonym: 0.12,
  missingColour: 0.12,
  wrongColour: 0.44,
  colourSynonym: 0.08,
  missingBackground: 0.12,
  wrongBackground: 0.03,
  backgroundSynonym: 0.15,
  manyCounted: { exact: 0.18, wrong: 0.46, vague: 0.26, singular: 0.1 },
  oneCounted: { exact: 0.06, wrong: 0.12, vague: 0.06, singular: 0.76 },
  junk: 0.3,
  lowerCase: 0.5,
  truncated: 0.04,
};

const VAGUE_COUNTS = ['', '', 'some', 'many', 'several', 'a group of', 'lots of'] as const;
const JUNK_BEFORE = [
  'photo of',
  'picture of',
  'free clipart',
  'stock image of',
  'emoji',
  'cute',
  'icon of',
  'png',
] as const;
const JUNK_AFTER = ['png', 'clipart', 'free download', 'stock photo', 'sticker', 'vector', 'wallpaper', 'hd'] as const;

/** A caption of the scene with errors of the kinds that web captions have. Never empty. */
export function webCaption(scene: Scene, random: RandomGenerator, options: Partial<WebCaptionNoise> = {}): string {
  const noise = { ...WEB_CAPTION_NOISE, ...options };
  const colour = colourWords(scene.colour, noise, random);
  const subject = countedSubject(scene, colour, noise, random);
  const place = placeWords(scene.background, noise, random);
  const junk = chance(random, noise.junk);
  const before = junk && chance(random, 0.5);
  const words = [
    before ? pick(random, JUNK_BEFORE) : '',
    subject,
    place,
    junk && !before ? pick(random, JUNK_AFTER) : '',
  ];
  const caption = words.filter((part) => part !== '').join(' ');
  const cut = chance(random, noise.truncated) ? truncate(caption, random) : caption;
  return chance(random, noise.lowerCase) ? cut.toLowerCase() : sentence(cut);
}

/** Phrase of object, colour and number: 'some blue dogs'. */
function countedSubject(scene: Scene, colour: string, noise: WebCaptionNoise, random: RandomGenerator): string {
  const style = pickWeighted(random, scene.count > 1 ? noise.manyCounted : noise.oneCounted);
  const claimed = style === 'wrong' ? wrongCount(scene.count, random) : scene.count;
  const plural = style === 'vague' || (style !== 'singular' && claimed > 1);
  const thing = `${colour} ${objectWords(scene.object, plural, noise, random)}`.trim();
  switch (style) {
    case 'vague':
      return `${pick(random, VAGUE_COUNTS)} ${thing}`.trim();
    case 'singular':
      return chance(random, 0.8) ? withArticle(thing) : thing;
    default:
      return `${COUNT_WORDS[claimed]} ${thing}`;
  }
}

function objectWords(object: ObjectName, plural: boolean, noise: WebCaptionNoise, random: RandomGenerator): string {
  const named = chance(random, noise.wrongObject)
    ? pick(
        random,
        others(
          OBJECTS.map((o) => o.name),
          object,
        ),
      )
    : object;
  const synonyms = OBJECT_SYNONYMS[named];
  if (!chance(random, noise.objectSynonym) || !synonyms) return noun(named, plural ? 2 : 1);
  return pick(random, synonyms)[plural ? 1 : 0];
}

function colourWords(colour: ColourName | undefined, noise: WebCaptionNoise, random: RandomGenerator): string {
  if (colour === undefined || chance(random, noise.missingColour)) return '';
  const named = chance(random, noise.wrongColour) ? pick(random, SIMILAR_COLOURS[colour]) : colour;
  const synonyms = COLOUR_SYNONYMS[named];
  if (synonyms && chance(random, noise.colourSynonym)) return pick(random, synonyms);
  return chance(random, 0.15) ? `${named} colored` : named;
}

function placeWords(background: BackgroundName | undefined, noise: WebCaptionNoise, random: RandomGenerator): string {
  if (background === undefined || chance(random, noise.missingBackground)) return '';
  const names = BACKGROUNDS.map((b) => b.name);
  const named = chance(random, noise.wrongBackground) ? pick(random, others(names, background)) : background;
  const synonyms = PLACE_SYNONYMS[named];
  return chance(random, noise.backgroundSynonym) ? pick(random, synonyms) : backgroundWord(named).phrase;
}

/** A number near the true one, as miscounts are. */
function wrongCount(count: Count, random: RandomGenerator): Count {
  const near = COUNTS.filter((c) => c !== count && Math.abs(c - count) <= 2);
  return pick(random, near);
}

function others<T>(items: readonly T[], item: T): T[] {
  return items.filter((other) => other !== item);
}

/** The first words of the caption: at least two, or all of it. */
function truncate(caption: string, random: RandomGenerator): string {
  const words = caption.split(' ');
  return words.length <= 2 ? caption : words.slice(0, 2 + random.integer(words.length - 2)).join(' ');
}
