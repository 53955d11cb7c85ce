/** Exports the queue for work that must not overlap. Importing this module loads no other part of the package. */
export { createQueue } from '@heed/autodiff/one-at-a-time';
