/** The error contract of all packages: bad input is an `InputError`, any other exception is a defect in heed. */

/**
 * An error in something the caller handed over: a file, a model, an option. The message is one sentence: what,
 * expected, actual. A command that ends with an `InputError` exits with 2 and prints no stack.
 */
export class InputError extends Error {
  override readonly name: string = 'InputError';
}
