// Other words people use for the world's things, colours and places. Data only.
import type { BackgroundName, ColourName, ObjectName } from '../vocabulary.ts';

/** Singular and plural of other words for an object. */
export const OBJECT_SYNONYMS: Readonly<Partial<Record<ObjectName, readonly (readonly [string, string])[]>>> = {
  dog: [
    ['puppy', 'puppies'],
    ['doggy', 'doggies'],
  ],
  cat: [
    ['kitten', 'kittens'],
    ['kitty', 'kitties'],
  ],
  orange: [['tangerine', 'tangerines']],
  vase: [['pot', 'pots']],
  cup: [['mug', 'mugs']],
  chair: [['seat', 'seats']],
  cake: [['birthday cake', 'birthday cakes']],
  bicycle: [['bike', 'bikes']],
  donut: [['doughnut', 'doughnuts']],
  box: [['package', 'packages']],
  plate: [['dish', 'dishes']],
  clock: [['alarm clock', 'alarm clocks']],
  backpack: [['bag', 'bags']],
  car: [['automobile', 'automobiles']],
  airplane: [['plane', 'planes']],
  bear: [['teddy bear', 'teddy bears']],
  horse: [['pony', 'ponies']],
  rabbit: [['bunny', 'bunnies']],
  rose: [['flower', 'flowers']],
};

/** Other words for a colour. */
export const COLOUR_SYNONYMS: Readonly<Partial<Record<ColourName, readonly string[]>>> = {
  red: ['bright red', 'scarlet'],
  yellow: ['golden'],
  green: ['emerald'],
  blue: ['navy'],
  black: ['dark'],
  pink: ['rosy'],
  purple: ['violet'],
  white: ['snow white'],
  brown: ['chocolate'],
};

/** Colours that people confuse; a wrong caption uses one of these. */
export const SIMILAR_COLOURS: Readonly<Record<ColourName, readonly ColourName[]>> = {
  red: ['pink', 'brown'],
  pink: ['red', 'purple'],
  purple: ['pink', 'blue'],
  blue: ['purple', 'green'],
  green: ['blue', 'yellow'],
  yellow: ['green', 'white'],
  white: ['yellow', 'black'],
  black: ['brown', 'white'],
  brown: ['black', 'red'],
};

/** Other words for a place, with their preposition. */
export const PLACE_SYNONYMS: Readonly<Record<BackgroundName, readonly string[]>> = {
  forest: ['in the woods', 'among trees', 'forest'],
  city: ['downtown', 'in a city', 'city'],
  moon: ['on the lunar surface', 'in space', 'moon'],
  field: ['in a meadow', 'on the grass', 'field'],
  sea: ['in the ocean', 'in the water', 'sea'],
  table: ['on a table', 'on a wooden table', 'table'],
  desert: ['in a desert', 'on the sand', 'desert'],
  'San Francisco': ['at the golden gate bridge', 'san francisco'],
};
