/** The Kubernetes recipes hold by the public schemas of their kinds, and their numbers fit each other. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import schemas from './kubernetes.schema.json' with { type: 'json' };

const RECIPES = [
  ['mpijob.yaml', 'MPIJob', 'kubeflow.org/v2beta1'],
  ['generate-job.yaml', 'io.k8s.api.batch.v1.Job', 'batch/v1'],
] as const;

// biome-ignore lint/suspicious/noExplicitAny: a document whose form the test is about.
const readRecipe = (name: string): any =>
  parse(readFileSync(new URL(`../docs/recipes/${name}`, import.meta.url), 'utf8'), { strict: true });

const schemaOf = (definition: string) =>
  z.fromJSONSchema({ $defs: schemas.$defs, $ref: `#/$defs/${definition}` } as Parameters<typeof z.fromJSONSchema>[0]);

describe.each(RECIPES)('%s', (name, definition, apiVersion) => {
  it('has known fields of the right types alone', () => {
    const document = readRecipe(name);
    expect(document.apiVersion).toBe(apiVersion);
    expect(schemaOf(definition).safeParse(document).error?.issues ?? []).toEqual([]);
  });

  it('would be refused with a field renamed, or a number as text', () => {
    const schema = schemaOf(definition);
    let changed = 0;
    for (const [path, value] of fieldsOf(readRecipe(name))) {
      // Names in maps are free.
      const [parent] = path.slice(-2);
      if (['limits', 'mpiReplicaSpecs'].includes(parent!)) continue;
      expect(schema.safeParse(withField(readRecipe(name), path, value, 'renamed')).success, path.join('.')).toBe(false);
      if (typeof value === 'number') {
        expect(schema.safeParse(withField(readRecipe(name), path, String(value))).success, path.join('.')).toBe(false);
      }
      changed += 1;
    }
    expect(changed).toBeGreaterThan(20);
  });
});

it('the numbers of ranks and shards fit each other', () => {
  const { slotsPerWorker, mpiReplicaSpecs } = readRecipe('mpijob.yaml').spec;
  const launcher = mpiReplicaSpecs.Launcher.template.spec.containers[0];
  const ranks = slotsPerWorker * mpiReplicaSpecs.Worker.replicas;
  expect(launcher.command.slice(-2)).toEqual(['-n', String(ranks)]);
  expect(launcher.args).toContain(`tune.replicas=${ranks}`);
  const job = readRecipe('generate-job.yaml').spec;
  const [container] = job.template.spec.containers;
  expect(container.env).toEqual([{ name: 'HEED_SHARDS', value: String(job.completions) }]);
  expect(job.completionMode).toBe('Indexed');
});

type Path = readonly string[];

/** Every field with its path; items of lists are named by their index. */
function fieldsOf(value: unknown, path: Path = []): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const own: [Path, unknown][] = Array.isArray(value) ? [] : [[[...path, key], inner]];
    return [...own, ...fieldsOf(inner, [...path, key])];
  });
}

/** Sets the field at `path`, or moves it to another name. */
function withField(document: object, path: Path, value: unknown, name = path.at(-1)!): object {
  const owner = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, document as never);
  delete owner[path.at(-1)!];
  owner[name] = value;
  return document;
}
