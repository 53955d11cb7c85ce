/** A file of weights in any format. Names, types and shapes are known at once; values are read on demand. */
import type { Shape } from '@heed/autodiff';
import type { ElementType } from '../safetensors/element-type.ts';

/** One tensor of a file. */
export interface StoredTensor {
  /** The type in the file, by the names of safetensors. */
  readonly dtype: ElementType;
  readonly shape: Shape;
  /**
   * Reads the numbers as float32, row by row, into `target` where one is given. The conversion is exact for floats of
   * up to 32 bits and integers up to 2^24; other numbers are rounded to nearest. Throws an `InputError` when the file
   * ends too early, when heed cannot decode the type, or when `target` has another length.
   */
  read(target?: Float32Array): Promise<Float32Array>;
}

/** An open file of tensors, which `close` closes. */
export interface TensorFile {
  readonly path: string;
  /** The file's metadata strings; only safetensors files have metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  close(): Promise<void>;
}
