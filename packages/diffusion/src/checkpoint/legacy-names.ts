/**
 * Tensor names of other releases of diffusers and transformers, and tensors in a file that the network does not use.
 */
import type { ComponentName } from './component-kinds.ts';

const OLD_VAE_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/**
 * Matches a text encoder's tensor names without the prefix `text_model.`, which transformers has left out since version
 * 5.6.
 */
const BARE_TEXT = /^(embeddings|encoder|final_layer_norm)\./;
/**
 * Tensors of a CLIPModel or CLIPTextModelWithProjection that do not belong to the text encoder; transformers also
 * ignores these tensors.
 */
const BESIDE_TEXT = /^(vision_model|text_projection|visual_projection)\.|^logit_scale$/;

/**
 * heed's name for a tensor of `component`. The name is undefined for a tensor that the network does not use: a buffer,
 * or another part of a whole CLIP.
 */
export function currentName(component: ComponentName, name: string): string | undefined {
  if (isBuffer(name)) return undefined;
  if (component === 'vae') return currentVaeName(name);
  if (component === 'unet') return name;
  // Classes that wrap a CLIPModel add this prefix.
  const inside = name.replace(/^clip\./, '');
  if (component === 'clip') return inside;
  if (BESIDE_TEXT.test(inside)) return undefined;
  return BARE_TEXT.test(inside) ? `text_model.${inside}` : inside;
}

/**
 * Converts a VAE tensor's name. The VAE files of Stable Diffusion 1.x name the attention layers as diffusers did before
 * 2023.
 */
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
