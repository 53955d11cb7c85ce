/** The engine's public surface. */

export { type CompiledFunction, compile, type Feed, type InputSpec } from './compile.ts';
export { type Communicator, single } from './distributed/communicator.ts';
export type { ExchangeType } from './distributed/exchange.ts';
export { launchedRank } from './distributed/mpi/environment.ts';
export { openCommunicator } from './distributed/open-communicator.ts';
export { InputError } from './errors.ts';
export { estimateTrainingStep, type TrainingStepEstimate } from './estimate/estimate-training-step.ts';
export { type MachineRates, measureRates, secondsOfStep } from './estimate/machine-rates.ts';
export { checkpoint, gradients } from './gradient.ts';
export {
  createFloat64Product,
  type Float64Product,
  type Float64ProductOptions,
} from './linear-algebra/float64-product.ts';
export { gelu, quickGelu, relu, sigmoid, silu } from './ops/activation.ts';
export { attention, logSoftmax, softmax } from './ops/attention.ts';
export { conv2d, type Padding } from './ops/conv.ts';
export {
  add,
  clamp,
  cos,
  div,
  exp,
  isPositive,
  log,
  mul,
  neg,
  type Operand,
  pow,
  sin,
  sqrt,
  square,
  sub,
  tanh,
} from './ops/elementwise.ts';
export { embedding, gatherRows, oneHot } from './ops/gather.ts';
export { crossEntropy, l2Normalize, logSigmoid, meanSquaredError, stopGradient } from './ops/loss.ts';
export { linear, matmul } from './ops/matmul.ts';
export { groupNorm, layerNorm } from './ops/norm.ts';
export { averagePoolSame, maxPool } from './ops/pool.ts';
export { broadcastTo, mean, sum } from './ops/reduce.ts';
export { averagePool2x, upsampleNearest2x } from './ops/resample.ts';
export { concat, reshape, slice, split, transpose } from './ops/shape.ts';
export {
  describeParameters,
  type Initializer,
  initializeParameters,
  type ParameterScope,
  type ParameterSpec,
  type ParameterValue,
  type ParameterValues,
} from './parameters.ts';
export { createRandom, type RandomGenerator, restoreRandom } from './random.ts';
export { chooseDevice, type DeviceChoice } from './runtime/choose-device.ts';
export { CUDA_COMMANDS } from './runtime/cuda/site.ts';
export { type Device, type PrecisionOption, resolvePrecision, runtimeVersion } from './runtime/index.ts';
export { constant, type DType, elementCount, formatShape, input, type Shape, type Tensor } from './tensor.ts';
export type { OptimizerOptions, OptimizerState } from './train/adamw.ts';
export { type LearningRateSchedule, learningRateAt } from './train/learning-rate.ts';
export type { Metrics, TrainingStep, TrainingStepOptions, UpdateResult } from './train/training-contract.ts';
export { createTrainingStep } from './train/training-step.ts';
