/**
 * Which files of a repository on the hub make a model: the safetensors weights in one precision, their configs and the
 * tokenizer, and nothing else (repositories hold the same weights in up to eight forms). Downloads nothing.
 */
import { InputError } from '../errors.ts';

/** A Stable Diffusion pipeline, or a CLIPModel. */
export type HubModelKind = 'pipeline' | 'clip';

interface Requirement {
  /** The first that the repository has is taken. */
  readonly anyOf: readonly string[];
  readonly optional?: boolean;
}

const TOKENIZER_FILES = [
  'vocab.json',
  'merges.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
];
const file = (...anyOf: string[]): Requirement => ({ anyOf });
const optional = (path: string): Requirement => ({ anyOf: [path], optional: true });
const weights = (stem: string) => file(`${stem}.safetensors`, `${stem}.fp16.safetensors`);

/** Small files first: they tell whether the weights are worth having. */
const REQUIREMENTS: Readonly<
  Record<HubModelKind, { readonly configs: readonly Requirement[]; readonly weights: readonly Requirement[] }>
> = {
  pipeline: {
    configs: [
      file('model_index.json'),
      file('scheduler/scheduler_config.json'),
      ...['unet', 'vae', 'text_encoder'].map((part) => file(`${part}/config.json`)),
      ...TOKENIZER_FILES.map((name) => optional(`tokenizer/${name}`)),
    ],
    weights: [
      weights('unet/diffusion_pytorch_model'),
      weights('vae/diffusion_pytorch_model'),
      weights('text_encoder/model'),
    ],
  },
  clip: {
    configs: [file('config.json'), file('preprocessor_config.json'), ...TOKENIZER_FILES.map(optional)],
    weights: [weights('model')],
  },
};

/** Paths to fetch, in order. Throws one sentence that names the file that is missing and what is there in its place. */
export function wantedFiles(
  available: ReadonlySet<string>,
  { kind, source }: { kind: HubModelKind; source: string },
): { configs: string[]; weights: string[] } {
  const choose = (requirements: readonly Requirement[]) =>
    requirements.flatMap(({ anyOf, optional: isOptional }) => {
      const found = anyOf.find((path) => available.has(path));
      if (found !== undefined) return [found];
      if (isOptional) return [];
      throw new InputError(`${source}: expected ${anyOf.join(' or ')}, got ${describeInstead(anyOf[0]!, available)}`);
    });
  return { configs: choose(REQUIREMENTS[kind].configs), weights: choose(REQUIREMENTS[kind].weights) };
}

function describeInstead(path: string, available: ReadonlySet<string>): string {
  if (path === 'model_index.json') {
    const single = [...available].find((name) => !name.includes('/') && name.endsWith('.safetensors'));
    return single === undefined ? 'none' : `none (a single-file checkpoint is named with its file: .../${single})`;
  }
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const pickled = [...available].find((name) => name.startsWith(folder) && /\.(bin|ckpt|pt|pth)$/.test(name));
  return path.endsWith('.safetensors') && pickled !== undefined
    ? `${pickled} alone, pickled weights, which can run code and are never opened`
    : 'none';
}
