/** The benchmark at the true size of Stable Diffusion 1.5 and CLIP ViT-L/14: `--full-size`. */
import type { Benchmark } from './benchmarks.ts';
import type { TrainingStepSettings } from './settings.ts';

const STEP: TrainingStepSettings = { batchSize: 1, batches: 1, learningRate: 2e-5, weightDecay: 1e-2, emaDecay: 0 };
const LORA_RANK = 8;
/** Sums of thousands of products in another order. */
const TOLERANCES = { loss: 1e-4, gradientNorm: 1e-3, weight: 1e-3 };

function trainingStep(name: string, unit: string, settings: Partial<TrainingStepSettings>): Benchmark {
  return {
    name,
    kind: 'training-step',
    settings: { ...STEP, ...settings },
    unit,
    repeats: 1,
    targets: { seconds: 0.8, memory: 1 },
    tolerances: TOLERANCES,
  };
}

export const FULL_SIZE_BENCHMARKS: readonly Benchmark[] = [
  trainingStep('full', 'update of all 859.52 M weights, 64 x 64 latents, batch 1', {}),
  trainingStep('full-checkpointed', 'the same with gradient checkpointing', { recompute: true }),
  trainingStep('lora', `update of a LoRA of rank ${LORA_RANK} on attention, the same latents`, { loraRank: LORA_RANK }),
  trainingStep('lora-checkpointed', 'the same with gradient checkpointing', { loraRank: LORA_RANK, recompute: true }),
  {
    name: 'image',
    kind: 'sampling',
    settings: { batchSize: 1, steps: 20, guidanceScale: 7.5 },
    unit: 'one image of 512 px, 20 steps of DPM-Solver++(2M), guidance 7.5',
    repeats: 1,
    targets: { seconds: 0.8 },
    tolerances: { images: 1e-2 },
  },
  {
    name: 'embeddings',
    kind: 'clip-embedding',
    settings: { pairs: 20, batchSize: 10, imagesOnly: true },
    unit: '20 images of 224 px to embeddings of CLIP ViT-L/14 (100 take five times as long)',
    repeats: 1,
    targets: { seconds: 0.8 },
    tolerances: { imageEmbeds: 1e-4 },
  },
];
