/**
 * Rule-based changes of a prompt for the reward's auxiliary task (section 3.2, "Red dog" -> "Blue dog", "Green dog"):
 * swap the object, colour, count or background for another of its kind, so that the meaning surely differs.
 */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { type Attributes, BACKGROUNDS, COLOURS, COUNTS, describe, OBJECTS } from '@heed/emoji-world';
import { swapKnownWords } from './known-words.ts';
import type { Prompt } from './prompt.ts';

/** Every text that differs from a prompt by one swap, a list for each kind of thing that can be swapped in it. */
type SwapsByKind = readonly (readonly string[])[];

/**
 * Up to `count` different texts, none of them the prompt's own. Kinds take turns, so that counts are swapped as often as
 * objects. Where single swaps run out, swaps of swaps follow. A text without any known word has none: the list is empty.
 * An unseen object never comes into the perturbations of a seen prompt, since it must stay out of training.
 */
export function perturb(prompt: Prompt, options: { count?: number; random: RandomGenerator }): string[] {
  const { count = 10, random } = options;
  const chosen = new Set<string>();
  takeTurns(swapsOf(prompt.text, prompt), { count, random, chosen, own: prompt.text });
  for (const text of [...chosen]) {
    if (chosen.size >= count) break;
    takeTurns(swapsOf(text, { seen: prompt.seen }), { count, random, chosen, own: prompt.text });
  }
  return [...chosen];
}

function swapsOf(text: string, { attributes, seen }: Pick<Prompt, 'attributes' | 'seen'>): SwapsByKind {
  // A person's own wording stays as it is around the word that changes, even where its attributes are known.
  if (attributes && describe(attributes) === text) return templateSwaps(attributes, seen);
  return swapKnownWords(text, { seenOnly: seen });
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
