/** The forms in which a model can be written out. Apart from what writes them, so that `--help` loads no engine. */

/**
 * `diffusers` is a folder, `checkpoint` one safetensors file in the original layout, as A1111 and ComfyUI read it; `lora` the
 * update of a model that was tuned as one, in kohya's spelling, which all of them read, `lora-diffusers` in diffusers' own.
 */
export const MODEL_FORMATS = ['diffusers', 'checkpoint', 'lora', 'lora-diffusers'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];
