/** Limits the work that a pickle can cause, whatever its bytes are. */
import { InputError } from '../errors.ts';

/**
 * Largest number of steps of one pickle; each opcode and each copied item is one step. A tensor takes about 30 steps;
 * Stable Diffusion 1.x takes 0.1 million steps in total.
 */
const MAX_STEPS = 2_000_000;
/**
 * Largest number of lists, tuples, dicts, tensors and placeholders in one pickle. Each of these objects takes up to 300
 * bytes of memory.
 */
const MAX_OBJECTS = 500_000;

export interface Budget {
  /** Adds to the number of opcodes and copied items. */
  step(count?: number): void;
  object(): void;
}

/** Creates a budget, whose methods throw an `InputError` at the limit; the message begins with `source`. */
export function createBudget(source: string): Budget {
  let steps = 0;
  let objects = 0;
  return {
    step(count = 1) {
      steps += count;
      if (steps > MAX_STEPS) throw new InputError(`${source}: expected at most ${MAX_STEPS} steps, got more`);
    },
    object() {
      objects++;
      if (objects > MAX_OBJECTS) throw new InputError(`${source}: expected at most ${MAX_OBJECTS} objects, got more`);
    },
  };
}
