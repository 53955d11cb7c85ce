/**
 * The composition root: reads the settings and gives the parts that they name. The only file of the product that
 * imports implementations of ports.ts; each is loaded when it is asked for.
 */
import type { HeedConfig } from './config/index.ts';
import type { PaperPrompts, World } from './ports.ts';

/** In settings, the model and CLIP that come with heed, in place of a folder. */
export const BUILT_IN_MODEL = 'emoji-world';
/** In settings, pre-training pairs of the project's world, in place of a folder. */
export const WORLD_PRETRAINING = 'emoji-world';

/** The world of a real project: it knows nothing of the pictures, so that people alone judge them. */
const none: World = { name: 'none', perturb: () => [] };

const WORLDS: Readonly<Record<Exclude<HeedConfig['world'], 'auto'>, () => Promise<World>>> = {
  emoji: async () => (await import('@heed/emoji-world')).emojiWorld,
  none: async () => none,
};

/** The world that the settings name; 'auto' is the emoji world for the built-in model and none for any other. */
export function worldOf({ world, model }: Pick<HeedConfig, 'world' | 'model'>): Promise<World> {
  if (world !== 'auto') return WORLDS[world]();
  return model.path === BUILT_IN_MODEL ? WORLDS.emoji() : WORLDS.none();
}

/** Folders of the models that come with heed. */
export async function builtInModels(): Promise<{ base: string; clip: string }> {
  return (await import('@heed/emoji-world')).emojiWorld.models;
}

/** The paper's own prompts. */
export async function paperPrompts(): Promise<PaperPrompts> {
  const { paperEvaluationPrompts, paperTrainingPrompts } = await import('@heed/emoji-world');
  return { training: paperTrainingPrompts, evaluation: paperEvaluationPrompts };
}
