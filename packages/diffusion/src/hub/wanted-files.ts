/**
 * Chooses the files of a hub repository that make a model: the weights in one format, their configs and the tokenizer.
 * Repositories have the same weights in up to eight formats. heed prefers safetensors files to PyTorch's files.
 * Downloads nothing.
 */
import { PROCESSOR_FILES } from '../checkpoint/clip-folder.ts';
import { COMPONENT_KINDS, type ComponentName } from '../checkpoint/component-kinds.ts';
import { isShardIndex, shardsOf, weightsFileNames } from '../checkpoint/weights-names.ts';
import { InputError } from '../errors.ts';

/** A Stable Diffusion pipeline, or a CLIPModel. */
export type HubModelKind = 'pipeline' | 'clip';

interface Requirement {
  /** Alternative files; the first that the repository has is used. */
  readonly anyOf: readonly string[];
  readonly optional?: boolean;
}

const TOKENIZER_FILES = [
  'vocab.json',
  'merges.txt',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
];
const file = (...anyOf: string[]): Requirement => ({ anyOf });
const optional = (path: string): Requirement => ({ anyOf: [path], optional: true });
const weights = (component: ComponentName) => {
  const { folder } = COMPONENT_KINDS[component];
  const prefix = folder === '.' ? '' : `${folder}/`;
  return file(...weightsFileNames(COMPONENT_KINDS[component], undefined).map((name) => prefix + name));
};

/** Required files. Small files come first, because they show whether heed can use the weights. */
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
    weights: [weights('unet'), weights('vae'), weights('textEncoder')],
  },
  clip: {
    configs: [
      file('config.json'),
      file(...PROCESSOR_FILES),
      ...PROCESSOR_FILES.map(optional),
      ...TOKENIZER_FILES.map(optional),
    ],
    weights: [weights('clip')],
  },
};

/**
 * Returns the paths to fetch, in order. Throws when a required file is missing; the message names this file and the
 * files found instead.
 */
export function wantedFiles(
  available: ReadonlySet<string>,
  { kind, source }: { kind: HubModelKind; source: string },
): { configs: string[]; weights: string[] } {
  const choose = (requirements: readonly Requirement[]) => {
    const paths = requirements.flatMap(({ anyOf, optional: isOptional }) => {
      const found = anyOf.find((path) => available.has(path));
      if (found !== undefined) return [found];
      if (isOptional) return [];
      throw new InputError(`${source}: expected ${anyOf[0]}, got ${describeInstead(anyOf[0]!, available)}`);
    });
    return [...new Set(paths)];
  };
  const { configs, weights: forms } = REQUIREMENTS[kind];
  return {
    configs: choose(configs),
    weights: choose(forms).flatMap((path) => withShards(path, available, source)),
  };
}

/** Returns `path`, and if `path` is a shard index also the paths of the shards. */
function withShards(path: string, available: ReadonlySet<string>, source: string): string[] {
  if (!isShardIndex(path)) return [path];
  const shards = shardsOf(path, available);
  if (shards.length === 0) throw new InputError(`${source}: expected the files that ${path} names, got none`);
  return [path, ...shards];
}

function describeInstead(path: string, available: ReadonlySet<string>): string {
  if (path === 'model_index.json') {
    const files = [...available].filter((name) => !name.includes('/'));
    const single = ['.safetensors', '.ckpt'].flatMap((ending) => files.filter((name) => name.endsWith(ending)))[0];
    return single === undefined ? 'none' : `none (a single-file checkpoint is named with its file: .../${single})`;
  }
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const other = [...available].find((name) => name.startsWith(folder) && /\.(msgpack|h5|onnx|pb)$/.test(name));
  return path.endsWith('.safetensors') && other !== undefined ? `${other} alone` : 'none';
}
