// The words of the emoji world: the paper's own objects, colours, counts and backgrounds (Lee et al. 2023,
// section 3.1 and appendix B). It holds names only: sentences are made in grammar.ts, pictures in scene/.
import { InputError } from '@heed/diffusion/errors';

/** One kind of object in scenes. `seen: false` marks the five objects that only the evaluation uses. */
export interface ObjectWord {
  readonly name: string;
  readonly plural: string;
  readonly seen: boolean;
}

/** A background of a scene; `phrase` is the place with preposition and article. */
export interface BackgroundWord {
  readonly name: string;
  readonly phrase: string;
}

/** The 25 objects of the paper, in its order; the last five are unseen. */
export const OBJECTS = [
  { name: 'dog', plural: 'dogs', seen: true },
  { name: 'cat', plural: 'cats', seen: true },
  { name: 'lion', plural: 'lions', seen: true },
  { name: 'orange', plural: 'oranges', seen: true },
  { name: 'vase', plural: 'vases', seen: true },
  { name: 'cup', plural: 'cups', seen: true },
  { name: 'apple', plural: 'apples', seen: true },
  { name: 'chair', plural: 'chairs', seen: true },
  { name: 'bird', plural: 'birds', seen: true },
  { name: 'cake', plural: 'cakes', seen: true },
  { name: 'bicycle', plural: 'bicycles', seen: true },
  { name: 'tree', plural: 'trees', seen: true },
  { name: 'donut', plural: 'donuts', seen: true },
  { name: 'box', plural: 'boxes', seen: true },
  { name: 'plate', plural: 'plates', seen: true },
  { name: 'clock', plural: 'clocks', seen: true },
  { name: 'backpack', plural: 'backpacks', seen: true },
  { name: 'car', plural: 'cars', seen: true },
  { name: 'airplane', plural: 'airplanes', seen: true },
  { name: 'bear', plural: 'bears', seen: false },
  { name: 'horse', plural: 'horses', seen: true },
  { name: 'tiger', plural: 'tigers', seen: false },
  { name: 'rabbit', plural: 'rabbits', seen: false },
  { name: 'rose', plural: 'roses', seen: false },
  { name: 'wolf', plural: 'wolves', seen: false },
] as const satisfies readonly ObjectWord[];

/** The 9 colours. */
export const COLOURS = ['red', 'yellow', 'green', 'blue', 'black', 'pink', 'purple', 'white', 'brown'] as const;

/** The 6 counts. */
export const COUNTS = [1, 2, 3, 4, 5, 6] as const;

/** The 8 backgrounds. */
export const BACKGROUNDS = [
  { name: 'forest', phrase: 'in the forest' },
  { name: 'city', phrase: 'in the city' },
  { name: 'moon', phrase: 'on the moon' },
  { name: 'field', phrase: 'in the field' },
  { name: 'sea', phrase: 'in the sea' },
  { name: 'table', phrase: 'on the table' },
  { name: 'desert', phrase: 'in the desert' },
  { name: 'San Francisco', phrase: 'in San Francisco' },
] as const satisfies readonly BackgroundWord[];

export type ObjectName = (typeof OBJECTS)[number]['name'];
export type ColourName = (typeof COLOURS)[number];
export type Count = (typeof COUNTS)[number];
export type BackgroundName = (typeof BACKGROUNDS)[number]['name'];

/**
 * The attributes that a prompt asks for. An absent attribute is not judged. The type is an alias and not an interface,
 * so that it is assignable to a `Record`.
 */
export type Attributes = {
  readonly object: ObjectName;
  readonly colour?: ColourName;
  readonly count?: Count;
  readonly background?: BackgroundName;
};

const OBJECT_BY_NAME: ReadonlyMap<string, (typeof OBJECTS)[number]> = new Map(OBJECTS.map((o) => [o.name, o]));
const BACKGROUND_BY_NAME: ReadonlyMap<string, (typeof BACKGROUNDS)[number]> = new Map(
  BACKGROUNDS.map((b) => [b.name, b]),
);

/** Finds the object with this name; throws when the world has no such object. */
export function objectWord(name: string): (typeof OBJECTS)[number] {
  const word = OBJECT_BY_NAME.get(name);
  if (!word) throw new InputError(`object must be one of ${OBJECTS.map((o) => o.name).join(', ')}, not '${name}'`);
  return word;
}

/** Finds the background with this name; throws when the world has no such background. */
export function backgroundWord(name: string): (typeof BACKGROUNDS)[number] {
  const word = BACKGROUND_BY_NAME.get(name);
  if (!word)
    throw new InputError(`background must be one of ${BACKGROUNDS.map((b) => b.name).join(', ')}, not '${name}'`);
  return word;
}
