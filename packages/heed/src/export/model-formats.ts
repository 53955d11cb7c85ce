/** The export formats of a model. The table is separate from the writers, so that `--help` loads no network code. */

/** Each format with a description and the programs that read it. */
export const MODEL_FORMAT_READERS = {
  diffusers: 'a folder; diffusers reads it',
  checkpoint: 'one file in the original layout; A1111, Forge, ComfyUI and diffusers read it',
  lora: "a LoRA's update alone, in kohya's names; A1111, Forge, ComfyUI, kohya's sd-scripts and diffusers read it",
  'lora-diffusers': "the same in diffusers' names; diffusers and ComfyUI read it, A1111 and sd-scripts do not",
} as const;

export type ModelFormat = keyof typeof MODEL_FORMAT_READERS;

export const MODEL_FORMATS = Object.keys(MODEL_FORMAT_READERS) as [ModelFormat, ...ModelFormat[]];
