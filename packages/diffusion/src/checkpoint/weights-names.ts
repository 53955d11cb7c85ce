/**
 * The names under which diffusers and transformers save a network's weights: in two formats (safetensors and
 * PyTorch's), as one file or in shards, with variants such as `fp16`.
 */

export interface WeightsNames {
  /** The name of the safetensors files, without extension. */
  readonly weights: string;
  /** The name of PyTorch's files, without extension. */
  readonly torchWeights: string;
}

/**
 * File names in order of preference: safetensors before PyTorch's files, whole files before a shard index. Without a
 * variant, full precision comes before `fp16`.
 */
export function weightsFileNames({ weights, torchWeights }: WeightsNames, variant: string | undefined): string[] {
  const variants = variant === undefined ? [undefined, 'fp16'] : [variant];
  return [
    ...variants.flatMap((one) => fileNames(weights, 'safetensors', one)),
    ...variants.flatMap((one) => fileNames(torchWeights, 'bin', one)),
  ];
}

/** True for the name of a shard index, the file that lists a network's shards. */
export function isShardIndex(name: string): boolean {
  return /\.index(\.\w+)?\.json$/.test(name);
}

/** Selects from the paths in `available` the shards that belong, by their names, to the index `path`. */
export function shardsOf(path: string, available: Iterable<string>): string[] {
  const slash = path.lastIndexOf('/') + 1;
  const match = /^([^.]+)(?:\.(\w+))?\.(safetensors|bin)\.index(?:\.(\w+))?\.json$/.exec(path.slice(slash));
  if (match === null) return [];
  const [, stem, before, extension, after] = match as unknown as [string, string, string?, string?, string?];
  const variant = before ?? after;
  const number = '\\d{5}-of-\\d{5}';
  const ending = variant === undefined ? `-${number}` : `(?:\\.${variant}-${number}|-${number}\\.${variant})`;
  const pattern = new RegExp(`^${stem}${ending}\\.${extension}$`);
  return [...available].filter((one) => one.startsWith(path.slice(0, slash)) && pattern.test(one.slice(slash))).sort();
}

/**
 * File names of a network's weights. The last file name is the one that diffusers before version 0.31 used for a
 * variant's shard index.
 */
function fileNames(stem: string, extension: string, variant: string | undefined): string[] {
  if (variant === undefined) return [`${stem}.${extension}`, `${stem}.${extension}.index.json`];
  return [
    `${stem}.${variant}.${extension}`,
    `${stem}.${extension}.index.${variant}.json`,
    `${stem}.${variant}.${extension}.index.json`,
  ];
}
