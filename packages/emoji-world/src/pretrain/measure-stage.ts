// Generates images for the evaluation prompts with the exported model and has the recogniser judge them.
import { join } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { loadPipeline } from '@heed/diffusion';
import { describe } from '../grammar.ts';
import { TINY_MODEL_FOLDER } from '../paths.ts';
import { alignmentOf } from '../recogniser/alignment.ts';
import type { HeadName } from '../recogniser/labels.ts';
import { HEAD_NAMES } from '../recogniser/labels.ts';
import { loadRecogniser } from '../recogniser/recogniser.ts';
import { writeContactSheet } from './contact-sheet.ts';
import { evaluationAttributes } from './evaluation-attributes.ts';
import { writeModelCard } from './model-card.ts';
import type { StageRunner } from './stage.ts';
import { stageFolder } from './stage.ts';
import { writeJson } from './write-json.ts';

const IMAGES_A_PROMPT = 8;
const SAMPLING_STEPS = 20;
const GUIDANCE_SCALE = 5;
/** Images of each prompt on the contact sheet. */
const SHOWN = 4;

/** Runs the stage `measure`, in which `--steps` is the number of images for each prompt. */
export const runMeasureStage: StageRunner = async (context) => {
  const imagesAPrompt = context.horizon && 'steps' in context.horizon ? context.horizon.steps : IMAGES_A_PROMPT;
  const guidanceScale = context.guidanceScale ?? GUIDANCE_SCALE;
  const folder = stageFolder(context, 'measure');
  const pipeline = await loadPipeline(TINY_MODEL_FOLDER, { threads: context.threads });
  const recogniser = await loadRecogniser({ threads: 1 });
  const tally = new Map<string, { right: number; asked: number }>();
  const count = (key: string, right: boolean) => {
    const entry = tally.get(key) ?? { right: 0, asked: 0 };
    tally.set(key, { right: entry.right + Number(right), asked: entry.asked + 1 });
  };
  const shown: RgbImage[] = [];
  const started = performance.now();
  try {
    for (const [index, { attributes, seen }] of evaluationAttributes().entries()) {
      if (context.signal.aborted) return { finished: false };
      const prompt = describe(attributes);
      const images = await pipeline.generate({
        prompts: Array.from({ length: imagesAPrompt }, () => prompt),
        seeds: Array.from({ length: imagesAPrompt }, (_, i) => 1000 * index + i),
        steps: SAMPLING_STEPS,
        guidanceScale,
      });
      shown.push(...images.slice(0, SHOWN));
      for (const recognition of await recogniser.recognise(images)) {
        const { correct, perAttribute } = alignmentOf(recognition, attributes);
        count('all', correct);
        count(seen ? 'all seen' : 'all unseen', correct);
        for (const head of Object.keys(perAttribute) as HeadName[]) count(head, perAttribute[head] === true);
      }
      if (index % 10 === 9) context.print(`measure ${index + 1}/120 prompts · ${ratesOf(tally)}`);
    }
  } finally {
    pipeline.dispose();
    recogniser.dispose();
  }
  const rates = Object.fromEntries(
    [...tally].map(([key, { right, asked }]) => [key, { rate: right / asked, images: asked }]),
  );
  await writeJson(join(folder, 'measurements.json'), {
    modelHash: pipeline.modelHash,
    imagesAPrompt,
    sampler: 'dpmpp_2m',
    samplingSteps: SAMPLING_STEPS,
    guidanceScale,
    seconds: Math.round((performance.now() - started) / 1000),
    rates,
  });
  await writeContactSheet(join(folder, 'contact-sheet.png'), shown, { columns: 5 * SHOWN, scale: 1 });
  context.print(`measure: ${ratesOf(tally)} · written to ${folder} and ${await writeModelCard(context)}`);
  return { finished: true };
};

function ratesOf(tally: ReadonlyMap<string, { right: number; asked: number }>): string {
  return [...HEAD_NAMES, 'all']
    .flatMap((key) => {
      const entry = tally.get(key);
      return entry ? [`${key} ${((100 * entry.right) / entry.asked).toFixed(1)} %`] : [];
    })
    .join(' · ');
}
