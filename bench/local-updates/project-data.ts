/** The tuning data of a project, as `heed tune` prepares it: what trains, by which loss, on which batches. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel, StableDiffusionPipeline } from '@heed/diffusion';
import { createImageStore } from '../../packages/heed/src/images/index.ts';
import { silentProgress } from '../../packages/heed/src/progress/index.ts';
import { baseModelFolder, openProject } from '../../packages/heed/src/project/index.ts';
import { weightsOptions } from '../../packages/heed/src/project/model-weights.ts';
import { openLatents } from '../../packages/heed/src/tune/latents.ts';
import { methodOf } from '../../packages/heed/src/tune/methods/index.ts';
import { lossOf } from '../../packages/heed/src/tune/networks.ts';
import { tuneOptionsOf } from '../../packages/heed/src/tune/options.ts';
import { prepareModelSamples, preparePretrainingSamples } from '../../packages/heed/src/tune/prepare.ts';
import { openTextStates } from '../../packages/heed/src/tune/text-states.ts';

export type ProjectData = Awaited<ReturnType<typeof openProjectData>>;

/** Reads images, rewards and pre-training pairs; the project needs a reward. `close` when done. */
export async function openProjectData(folder: string) {
  const project = await openProject(folder);
  const options = tuneOptionsOf(project.config);
  const method = methodOf(options);
  const components = await loadModel(
    await baseModelFolder(project, {}),
    weightsOptions(project, project.config.model.name),
  );
  const pipeline = new StableDiffusionPipeline(components, { threads: 1 });
  const store = createImageStore(project.paths.images);
  const latents = await openLatents(project, pipeline);
  const common = { method, options, pipeline, latents, progress: silentProgress };
  const runFolder = await mkdtemp(join(project.paths.state, 'local-updates-'));
  const prepared = { ...common, runFolder, reward: 'default', store };
  const samples = await prepareModelSamples(project, {
    ...prepared,
    modelHashes: new Set([pipeline.modelHash]),
    keptPrompts: new Set(),
    shuffleSeed: undefined,
  });
  const { pretraining: source, pretrainingImages: count } = project.config.tune;
  const pretraining = options.streams.pretraining
    ? await preparePretrainingSamples(project, { ...prepared, source, count, warn: console.error })
    : undefined;
  const prompts = [...samples.map(({ prompt }) => prompt), ...(pretraining ?? []).map(({ caption }) => caption), ''];
  const texts = await openTextStates(project, { ...common, prompts, encoderParameters: 0 });
  const unetConfig = components.unet.config;
  return {
    options,
    parameters: components.unet.parameters,
    loss: lossOf(method, { unetConfig, options }),
    /** The batches of one seed. */
    batchesOf: (seed: number) =>
      method.batches({
        samples,
        pretraining,
        options: { ...options, seed },
        schedule: pipeline.schedule,
        sources: {
          latentShape: pipeline.latentShape(),
          textShape: pipeline.textShape,
          latents: async (key) => (await latents.get(key))!,
          embedPrompts: texts.of,
        },
      }),
    async close() {
      await texts.close();
      await latents.close();
      await store.close();
      await pipeline.dispose();
    },
  };
}
