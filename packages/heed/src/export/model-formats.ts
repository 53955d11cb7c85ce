/** The forms in which a model can be written out. Apart from what writes them, so that `--help` loads no engine. */

/** `diffusers` is a folder, `checkpoint` one safetensors file in the original layout, as A1111 and ComfyUI read it. */
export const MODEL_FORMATS = ['diffusers', 'checkpoint'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];
