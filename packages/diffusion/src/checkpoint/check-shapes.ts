/** Compares the tensors that a config requires with those in a file. Reads no weights. */

import { formatShape, type ParameterValues, type Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import type { ComponentKind } from './component-kinds.ts';

/**
 * Names and shapes that `config` requires. Throws when the network cannot be built; the message begins with
 * `configPath`.
 */
export function expectedShapes<Config>(
  kind: ComponentKind<Config>,
  config: Config,
  configPath: string,
): Map<string, Shape> {
  try {
    return new Map(kind.parameters(config).map(({ name, shape }) => [name, shape]));
  } catch (error) {
    throw new InputError(`${configPath}: expected an architecture that can be built, got: ${(error as Error).message}`);
  }
}

export function shapesOf(parameters: ParameterValues): Map<string, Shape> {
  return new Map([...parameters].map(([name, { shape }]) => [name, shape]));
}

/**
 * Throws for the first tensor that is missing, unexpected or has another shape than expected. `configPath` names the
 * source of the expected shapes in the error; `spell` converts a tensor's name to its name in the file.
 */
export function checkShapes(
  actual: ReadonlyMap<string, Shape>,
  expected: ReadonlyMap<string, Shape>,
  {
    source,
    configPath,
    spell = (name) => name,
  }: { source: string; configPath: string; spell?: (name: string) => string },
): void {
  for (const [name, shape] of expected) {
    const found = actual.get(name);
    if (found === undefined)
      throw new InputError(
        `${source}: expected a tensor ${quote(spell(name))} ${formatShape(shape)} as ${configPath} says, got none`,
      );
    if (!sameWeights(found, shape)) {
      throw new InputError(
        `${source}: tensor ${quote(spell(name))}: expected ${formatShape(shape)} as ${configPath} says, got ${formatShape(found)}`,
      );
    }
  }
  for (const [name, shape] of actual) {
    if (!expected.has(name))
      throw new InputError(
        `${source}: expected only tensors that ${configPath} asks for, got ${quote(spell(name))} ${formatShape(shape)}`,
      );
  }
}

/** Whether the shapes match. Old VAE files may store a linear layer [C, C] as a 1 x 1 convolution [C, C, 1, 1]. */
function sameWeights(found: Shape, expected: Shape): boolean {
  const trimmed =
    found.length === 4 && expected.length === 2 && found[2] === 1 && found[3] === 1 ? found.slice(0, 2) : found;
  return trimmed.length === expected.length && trimmed.every((size, axis) => size === expected[axis]);
}
