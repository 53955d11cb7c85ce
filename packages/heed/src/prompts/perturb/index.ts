/** Makes perturbed prompts for the reward's auxiliary task from the prompts of any project. */
export { nounsIn, thingsOf } from './nouns.ts';
export {
  PERTURBATION_SOURCES,
  type PerturbationSource,
  type PerturbedText,
  type ProjectWords,
  perturbText,
} from './perturb-text.ts';
