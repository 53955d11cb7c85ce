/** The error class for bad input, in a module that imports nothing else. */
export { InputError } from '@heed/autodiff/errors';
