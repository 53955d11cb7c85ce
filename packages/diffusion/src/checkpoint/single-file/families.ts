/** Identifies files of other model families than Stable Diffusion 1.x by their tensor names. Reads nothing. */
import { quote } from '../../safetensors/header-json.ts';

/** Model families, each identified by a pattern that matches one of its tensor names. The first match decides. */
const FAMILIES: readonly { readonly pattern: RegExp; readonly is: string }[] = [
  { pattern: /^conditioner\.embedders\./, is: 'a Stable Diffusion XL checkpoint' },
  {
    pattern: /(^|\.)joint_blocks\.\d|^text_encoders\.(clip_g|t5xxl)\./,
    is: 'a Stable Diffusion 3 checkpoint',
  },
  { pattern: /(^|\.)(double_blocks|single_transformer_blocks)\.\d/, is: 'a FLUX checkpoint' },
  {
    pattern: /^cond_stage_model\.model\.(transformer\.resblocks|token_embedding)/,
    is: 'a Stable Diffusion 2.x checkpoint, which is read as a diffusers folder only (in Python: StableDiffusionPipeline.from_single_file and save_pretrained)',
  },
  { pattern: /^control_model\./, is: 'a ControlNet' },
  {
    pattern: /(lora_(unet|te\d?)_|\.lora_[AB]\.|\.lora\.(up|down)\.)/,
    is: 'a LoRA, which goes on top of a checkpoint',
  },
  { pattern: /^(unet|diffusion_model|state_dict)\./, is: 'a checkpoint of another layout' },
  {
    pattern: /^(down_blocks|up_blocks|mid_block|time_embedding)\./,
    is: 'the U-Net of a diffusers folder (give the folder with model_index.json)',
  },
  {
    pattern: /^(encoder|decoder)\.(down|up|mid|conv_in)/,
    is: 'a VAE alone',
  },
  { pattern: /^(text_model|vision_model)\./, is: 'a CLIP alone' },
];

/**
 * Describes the file's model family as the end of a sentence, `a ... (tensor "...")`; undefined if no tensor name
 * identifies the family.
 */
export function describeFamily(names: Iterable<string>): string | undefined {
  const all = [...names];
  for (const { pattern, is } of FAMILIES) {
    const found = all.find((name) => pattern.test(name));
    if (found !== undefined) return `${is}: tensor ${quote(found)}`;
  }
  return undefined;
}
