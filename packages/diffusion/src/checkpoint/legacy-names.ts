/** Spellings of other releases of diffusers and transformers, and tensors of a file that a network does not read. */
import type { ComponentName } from './component-kinds.ts';

const OLD_VAE_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/** The first module below a text encoder; from transformers 5.6 on no `text_model.` stands before it. */
const BARE_TEXT = /^(embeddings|encoder|final_layer_norm)\./;
/**
 * What a CLIPModel or a CLIPTextModelWithProjection holds beside the text encoder; transformers passes over it, too.
 */
const BESIDE_TEXT = /^(vision_model|text_projection|visual_projection)\.|^logit_scale$/;

/**
 * The name by which this project knows a tensor of `component`, or undefined for one that the network does not read:
 * a buffer, or another part of a whole CLIP.
 */
export function currentName(component: ComponentName, name: string): string | undefined {
  if (isBuffer(name)) return undefined;
  if (component === 'vae') return currentVaeName(name);
  if (component === 'unet') return name;
  // The name of the whole model in classes around a CLIPModel.
  const inside = name.replace(/^clip\./, '');
  if (component === 'clip') return inside;
  if (BESIDE_TEXT.test(inside)) return undefined;
  return BARE_TEXT.test(inside) ? `text_model.${inside}` : inside;
}

/** Stable Diffusion 1.x ships its VAE's attention in the names of before 2023. */
function currentVaeName(name: string): string {
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.(?:weight|bias)$)/,
    (_, path: string, old: string) => path + OLD_VAE_ATTENTION[old],
  );
}

/** True for buffers that older transformers saved among the parameters. */
export function isBuffer(name: string): boolean {
  return name === 'position_ids' || name.endsWith('.position_ids');
}
