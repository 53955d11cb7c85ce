/** Perturbed prompts for the auxiliary task, of any project's own prompts. */
export { nounsIn, thingsOf } from './nouns.ts';
export {
  PERTURBATION_SOURCES,
  type PerturbationSource,
  type PerturbedText,
  type ProjectWords,
  perturbText,
} from './perturb-text.ts';
