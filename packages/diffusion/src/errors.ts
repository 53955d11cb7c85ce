/** The error of bad input, in a module that loads nothing else. */
export { InputError } from '@heed/autodiff/errors';
