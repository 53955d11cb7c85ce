// Rule-based changes of a template prompt for the reward's auxiliary task (section 3.2, "Red dog" -> "Blue dog", "Green
// dog"): swaps the object, colour, count or background for another of its kind, so that the meaning differs.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { describe } from '../grammar.ts';
import { type Attributes, BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';
import { parseTemplate } from './template.ts';

/** Every text that differs from a prompt in one attribute, in one list for each kind of attribute. */
type SwapsByKind = readonly (readonly string[])[];

/**
 * Up to `count` different sentences, none of them `describe(attributes)`. The kinds of swapped attributes alternate, so
 * that counts are swapped as often as objects. If there are too few texts with one swapped attribute, several
 * attributes are swapped. With `seenOnly`, no held-out object is swapped in, because held-out objects must stay out of
 * training.
 */
export function perturbTemplate(
  attributes: Attributes,
  options: { count: number; random: RandomGenerator; seenOnly: boolean },
): string[] {
  const { count, random, seenOnly } = options;
  const chosen = new Set<string>();
  const own = describe(attributes);
  takeTurns(templateSwaps(attributes, seenOnly), { count, random, chosen, own });
  for (const text of [...chosen]) {
    if (chosen.size >= count) break;
    takeTurns(templateSwaps(parseTemplate(text)!, seenOnly), { count, random, chosen, own });
  }
  return [...chosen];
}

function templateSwaps(attributes: Attributes, seenOnly: boolean): SwapsByKind {
  const { object, colour, count, background } = attributes;
  const objects = OBJECTS.filter((word) => word.name !== object && (word.seen || !seenOnly));
  const kinds = [objects.map(({ name }) => describe({ ...attributes, object: name }))];
  if (colour !== undefined) {
    kinds.push(COLOURS.filter((other) => other !== colour).map((other) => describe({ ...attributes, colour: other })));
  }
  if (count !== undefined) {
    kinds.push(COUNTS.filter((other) => other !== count).map((other) => describe({ ...attributes, count: other })));
  }
  if (background !== undefined) {
    const others = BACKGROUNDS.filter(({ name }) => name !== background);
    kinds.push(others.map(({ name }) => describe({ ...attributes, background: name })));
  }
  return kinds;
}

function takeTurns(
  kinds: SwapsByKind,
  { count, random, chosen, own }: { count: number; random: RandomGenerator; chosen: Set<string>; own: string },
): void {
  const queues = random.shuffle(kinds.map((texts) => random.shuffle([...texts])));
  while (chosen.size < count && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      const text = queue.pop();
      if (text !== undefined && text !== own && chosen.size < count) chosen.add(text);
    }
  }
}
