// The table of stages. Each is loaded when it is run: some need native code that others do without.
import type { StageName, StageRunner } from './stage.ts';

export const STAGES: Readonly<Record<StageName, () => Promise<StageRunner>>> = {
  tokenizer: async () => (await import('./tokenizer-stage.ts')).runTokenizerStage,
  recogniser: async () => (await import('./recogniser-stage.ts')).runRecogniserStage,
  clip: async () => (await import('./clip-stage.ts')).runClipStage,
  vae: async () => (await import('./vae-stage.ts')).runVaeStage,
  latents: async () => (await import('./latents-stage.ts')).runLatentsStage,
  unet: async () => (await import('./unet-stage.ts')).runUnetStage,
  export: async () => (await import('./export-stage.ts')).runExportStage,
  measure: async () => (await import('./measure-stage.ts')).runMeasureStage,
};
