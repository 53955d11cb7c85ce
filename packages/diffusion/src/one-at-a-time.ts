/** The queue for work that must not overlap, in a module that loads nothing else. */
export { createQueue } from '@heed/autodiff/one-at-a-time';
