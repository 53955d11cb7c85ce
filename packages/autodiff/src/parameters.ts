/**
 * The parameters of a model: names, initial values, and arrays of values. The package `diffusion` reads and writes
 * parameter files.
 */
import type { RandomGenerator } from './random.ts';
import { checkShape, createTensor, elementCount, formatShape, type Shape, sameShape, type Tensor } from './tensor.ts';

export type Initializer =
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; std: number }
  | { kind: 'uniform'; bound: number };

/** The scope from which a model requests its parameters, by dotted name. */
export interface ParameterScope {
  /** Returns the parameter `prefix.name`; all requests of one name must give the same shape. */
  get(name: string, shape: Shape, init?: Initializer): Tensor;
  /** Returns a scope that puts `prefix.` before each name. */
  at(prefix: string): ParameterScope;
}

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Initializer;
}

/** The value of one parameter. */
export interface ParameterValue {
  shape: Shape;
  data: Float32Array;
}

export type ParameterValues = Map<string, ParameterValue>;

/** Creates a scope that records the requested parameters; requests of one name return the same tensor. */
export function createParameterScope(): {
  scope: ParameterScope;
  specs: ParameterSpec[];
  tensors: Map<string, Tensor>;
} {
  const specs: ParameterSpec[] = [];
  const tensors = new Map<string, Tensor>();
  const at = (path: string): ParameterScope => ({
    get(name, shape, init) {
      const full = path + name;
      const known = tensors.get(full);
      if (known) {
        if (!sameShape(known.shape, shape)) {
          throw new Error(
            `parameter ${full}: expected ${formatShape(known.shape)} as asked for before, got ${formatShape(shape)}`,
          );
        }
        return known;
      }
      const tensor = createTensor(checkShape(shape, `parameter ${full}`), 'float32', { kind: 'parameter', name: full });
      tensors.set(full, tensor);
      specs.push({ name: full, shape, init: init ?? defaultInitializer(full, shape) });
      return tensor;
    },
    at: (prefix) => at(`${path}${prefix}.`),
  });
  return { scope: at(''), specs, tensors };
}

/** Lists a model's parameters: traces `build` and discards the graph. */
export function describeParameters(build: (p: ParameterScope) => unknown): ParameterSpec[] {
  const { scope, specs } = createParameterScope();
  build(scope);
  return specs;
}

/**
 * Creates initial values by each parameter's initializer. The values depend only on the parameter's name and the seed.
 */
export function initializeParameters(specs: readonly ParameterSpec[], random: RandomGenerator): ParameterValues {
  return new Map(
    specs.map(({ name, shape, init }) => {
      const data = new Float32Array(elementCount(shape));
      const own = random.fork(name);
      if (init.kind === 'constant') data.fill(init.value);
      else if (init.kind === 'normal') for (let i = 0; i < data.length; i++) data[i] = init.std * own.normal();
      else for (let i = 0; i < data.length; i++) data[i] = init.bound * (2 * own.uniform() - 1);
      return [name, { shape, data }];
    }),
  );
}

/** PyTorch's default initial values: Kaiming uniform with a = sqrt(5) for weights, 1 for norm scales, 0 for biases. */
function defaultInitializer(name: string, shape: Shape): Initializer {
  if (shape.length < 2) return { kind: 'constant', value: name.endsWith('weight') ? 1 : 0 };
  return { kind: 'uniform', bound: 1 / Math.sqrt(elementCount(shape.slice(1))) };
}
