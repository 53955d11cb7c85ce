/** Spellings of older releases of diffusers and transformers, and tensors that are no parameters. */

const OLD_VAE_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/** The name by which a tensor is known today. Stable Diffusion 1.x ships its VAE's attention in the names of before 2023. */
export function currentName(name: string): string {
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.(?:weight|bias)$)/,
    (_, path: string, old: string) => {
      return path + OLD_VAE_ATTENTION[old];
    },
  );
}

/** True for buffers that older transformers saved among the parameters. */
export function isBuffer(name: string): boolean {
  return name.endsWith('.position_ids');
}
