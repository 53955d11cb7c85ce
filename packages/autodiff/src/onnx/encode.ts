/**
 * Writes a graph as the bytes of an ONNX ModelProto. The message types are generated from onnx.proto
 * (`onnx.generated.ts`). This file writes the parts in an order in which weights are copied only once.
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InputError } from '../errors.ts';
import { elementCount, formatShape } from '../tensor.ts';
import { ELEMENT_TYPES } from './element-type.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx.generated.ts';

const IR_VERSION = 9n;
/**
 * File name that the model gives for external tensors. No file of this name is read; `createSession` receives the
 * tensors' values.
 */
export const EXTERNAL_LOCATION = 'given-at-session-creation';
/** Protobuf's size limit for a message; bigger models need external initializers. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Encodes a model that imports ONNX's operators at `opset` and ONNX Runtime's own (`com.microsoft`) at version 1.
 * Throws when a tensor's bytes do not fit its shape or the model exceeds 2 GiB.
 */
export function encodeModel(graph: OnnxGraph, { opset = 18 }: { opset?: number } = {}): Uint8Array {
  const header = toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: 'heed',
      opsetImport: [
        { domain: '', version: BigInt(opset) },
        { domain: 'com.microsoft', version: 1n },
      ],
    }),
  );
  const chunks = graphChunks(graph);
  const total = byteCount(chunks);
  if (total > MAX_MODEL_BYTES) {
    throw new InputError(`model ${graph.name}: expected at most ${MAX_MODEL_BYTES} bytes, got ${total}`);
  }
  const { graph: field } = ModelProtoSchema.field;
  return concatenate([header, lengthPrefix(field.number, total), ...chunks]);
}

/** Encodes the graph without weights, and then, for each weight, the beginning of its message and its raw bytes. */
function graphChunks(graph: OnnxGraph): Uint8Array[] {
  const chunks: Uint8Array[] = [
    toBinary(
      GraphProtoSchema,
      create(GraphProtoSchema, {
        name: graph.name,
        node: graph.nodes.map(nodeProto),
        input: graph.inputs.map(valueProto),
        output: graph.outputs.map(valueProto),
        valueInfo: (graph.valueInfo ?? []).map(valueProto),
      }),
    ),
  ];
  const { initializer } = GraphProtoSchema.field;
  const { rawData } = TensorProtoSchema.field;
  for (const tensor of graph.initializers) {
    const parts: Uint8Array[] = [toBinary(TensorProtoSchema, create(TensorProtoSchema, tensorHead(tensor)))];
    if (tensor.data !== 'external') parts.push(lengthPrefix(rawData.number, tensor.data.length), tensor.data);
    chunks.push(lengthPrefix(initializer.number, byteCount(parts)), ...parts);
  }
  return chunks;
}

function nodeProto(node: OnnxNode): MessageInitShape<typeof NodeProtoSchema> {
  return {
    opType: node.op,
    domain: node.domain ?? '',
    name: node.name ?? '',
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => attributeProto(name, value)),
  };
}

function attributeProto(name: string, value: OnnxAttribute): MessageInitShape<typeof AttributeProtoSchema> {
  if ('int' in value) return { name, type: AttributeType.INT, i: BigInt(value.int) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  if ('string' in value) return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.string) };
  if (value.tensor.data === 'external') throw new Error(`attribute ${name}: expected a tensor with data, got none`);
  return { name, type: AttributeType.TENSOR, t: { ...tensorHead(value.tensor), rawData: value.tensor.data } };
}

function tensorHead({ name, type, shape, data }: OnnxTensor): MessageInitShape<typeof TensorProtoSchema> {
  const head = { name, dataType: ELEMENT_TYPES[type].code, dims: shape.map(BigInt) };
  if (data === 'external') {
    return {
      ...head,
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [{ key: 'location', value: EXTERNAL_LOCATION }],
    };
  }
  const expected = elementCount(shape) * ELEMENT_TYPES[type].bytes;
  if (data.length !== expected) {
    throw new Error(`tensor ${name}: expected ${expected} bytes for ${type} ${formatShape(shape)}, got ${data.length}`);
  }
  return head;
}

function valueProto({ name, type, shape }: OnnxValue): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: ELEMENT_TYPES[type].code, shape: { dim } } } },
  };
}

function lengthPrefix(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

function byteCount(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(byteCount(chunks));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
