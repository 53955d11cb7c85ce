/**
 * Projects with images to label, drawn without a network: discs by chance, or scenes of the emoji world where pictures
 * of the documentation are taken. For tests alone.
 */
import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import {
  type Attributes,
  COLOURS,
  type Count,
  createRenderer,
  paperTrainingPrompts,
  TRAINING_STYLES,
} from '@heed/emoji-world';
import type { Purpose } from '../images/purpose.ts';
import { createImageStore } from '../images/store.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import type { Prompt } from '../prompts/index.ts';
import { selectPrompts } from '../prompts/select.ts';

const SIZE_PX = 64;

export interface DrawnProjectOptions {
  readonly prompts?: number;
  readonly imagesPerPrompt?: number;
  readonly set?: string;
  readonly purpose?: Purpose;
  readonly model?: string;
  /** The hash of the model in the images' records. Tuning learns only from images of the base model. */
  readonly modelHash?: string;
  readonly overrides?: readonly string[];
}

/** Makes a project in `folder` whose set holds `imagesPerPrompt` images of each of some of the paper's prompts. */
export async function makeDrawnProject(folder: string, options: DrawnProjectOptions = {}): Promise<Project> {
  const { prompts = 12, overrides = [] } = options;
  const project = await initProject(folder, { overrides });
  await addDrawnImages(project, { ...options, prompts: selectPrompts(paperTrainingPrompts(), prompts) });
  return project;
}

/** Draws into a set of the project. The model decides the colours, so that two models' images can be told apart. */
export async function addDrawnImages(
  project: Project,
  options: Omit<DrawnProjectOptions, 'prompts' | 'overrides'> & { prompts: readonly Prompt[] },
): Promise<void> {
  const { prompts, imagesPerPrompt = 3, set = 'train', purpose = 'learn', model = 'base' } = options;
  const { modelHash = `hash of ${model}` } = options;
  const store = createImageStore(project.paths.images);
  const draw = process.env.HEED_SCREENSHOTS === undefined ? drawDots : await sceneDrawing();
  for (const prompt of prompts) {
    const { text, category, holdout, facts } = prompt;
    for (let seed = 0; seed < imagesPerPrompt; seed++) {
      await store.add(draw(`${model} ${text} ${seed}`, prompt), {
        prompt: text,
        category,
        holdout,
        ...(facts === undefined ? {} : { facts }),
        seed,
        model,
        modelHash,
        sampler: 'ddim',
        steps: 1,
        guidanceScale: 1,
        set,
        purpose,
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

/** Scenes that show what the prompt asks for, or, as often, another number or colour of it. */
async function sceneDrawing(): Promise<(key: string, prompt: Prompt) => RgbImage> {
  const style = TRAINING_STYLES[0]!;
  const renderer = await createRenderer({ styles: [style] });
  return (key, { facts }) => {
    const random = createRandom(1).fork(key);
    const { object = 'dog', count = 1, colour, background } = (facts ?? {}) as Partial<Attributes>;
    const isOff = random.uniform() < 0.5;
    const shown = {
      object,
      style,
      count: isOff && colour === undefined ? ((1 + random.integer(6)) as Count) : count,
      ...(background === undefined ? {} : { background }),
      ...(colour === undefined ? {} : { colour: isOff ? COLOURS[random.integer(COLOURS.length)]! : colour }),
    };
    return renderer.render(shown, random);
  };
}
