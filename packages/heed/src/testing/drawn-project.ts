/** Projects with images to label, drawn without a network: plain scenes in a colour each. For tests alone. */
import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { createImageStore } from '../images/store.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { type Prompt, trainingPrompts } from '../prompts/index.ts';
import { selectPrompts } from '../prompts/select.ts';

const SIZE_PX = 64;

export interface DrawnProjectOptions {
  readonly prompts?: number;
  readonly imagesPerPrompt?: number;
  readonly set?: string;
  readonly model?: string;
  readonly overrides?: readonly string[];
}

/** Makes a project in `folder` whose set holds `imagesPerPrompt` images of each of some of the paper's prompts. */
export async function makeDrawnProject(folder: string, options: DrawnProjectOptions = {}): Promise<Project> {
  const { prompts = 12, overrides = [] } = options;
  const project = await initProject(folder, { overrides });
  await addDrawnImages(project, { ...options, prompts: selectPrompts(trainingPrompts(), prompts) });
  return project;
}

/** Draws into a set of the project. The model decides the colours, so that two models' images can be told apart. */
export async function addDrawnImages(
  project: Project,
  options: { prompts: readonly Prompt[]; imagesPerPrompt?: number; set?: string; model?: string },
): Promise<void> {
  const { prompts, imagesPerPrompt = 3, set = 'train', model = 'base' } = options;
  const store = createImageStore(project.paths.images);
  for (const { text, category, seen, attributes } of prompts) {
    for (let seed = 0; seed < imagesPerPrompt; seed++) {
      await store.add(drawDots(`${model} ${text} ${seed}`), {
        prompt: text,
        category,
        seen,
        ...(attributes === undefined ? {} : { attributes }),
        seed,
        model,
        modelHash: `hash of ${model}`,
        sampler: 'ddim',
        steps: 1,
        guidanceScale: 1,
        set,
      });
    }
  }
  await store.close();
}

/** A few discs on a ground, all by chance. */
function drawDots(key: string): RgbImage {
  const random = createRandom(1).fork(key);
  const colour = () => [0, 1, 2].map(() => 40 + random.integer(200));
  const ground = colour();
  const dots = Array.from({ length: 1 + random.integer(4) }, () => ({
    x: 10 + random.integer(SIZE_PX - 20),
    y: 10 + random.integer(SIZE_PX - 20),
    radius: 6 + random.integer(10),
    fill: colour(),
  }));
  const data = new Uint8Array(SIZE_PX * SIZE_PX * 3);
  for (let i = 0; i < SIZE_PX * SIZE_PX; i++) {
    const [x, y] = [i % SIZE_PX, Math.floor(i / SIZE_PX)];
    const dot = dots.find((each) => Math.hypot(x - each.x, y - each.y) < each.radius);
    data.set(dot?.fill ?? ground, 3 * i);
  }
  return { width: SIZE_PX, height: SIZE_PX, data };
}
