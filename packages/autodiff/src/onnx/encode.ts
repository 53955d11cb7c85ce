/**
 * Encodes a model as an ONNX protobuf. The field numbers are those of onnx.proto (ONNX 1.18, IR version 9); the
 * wire format is left to @bufbuild/protobuf.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { OnnxAttribute, OnnxElementType, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './model.ts';

/** TensorProto.DataType. */
export const ELEMENT_TYPE_CODES: Record<OnnxElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

const IR_VERSION = 9;

/** Writes ModelProto bytes; com.microsoft's contributed ops are always importable. */
export function encodeModel(graph: OnnxGraph, { opset = 18 }: { opset?: number } = {}): Uint8Array {
  const writer = new BinaryWriter();
  integer(writer, 1, IR_VERSION);
  text(writer, 2, 'heed');
  message(writer, 7, (inner) => writeGraph(inner, graph));
  for (const [domain, version] of [
    ['', opset],
    ['com.microsoft', 1],
  ] as const) {
    message(writer, 8, (inner) => {
      text(inner, 1, domain);
      integer(inner, 2, version);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, (inner) => writeNode(inner, node));
  text(writer, 2, graph.name);
  for (const tensor of graph.initializers) message(writer, 5, (inner) => writeTensor(inner, tensor));
  for (const value of graph.inputs) message(writer, 11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) message(writer, 12, (inner) => writeValue(inner, value));
  for (const value of graph.valueInfo ?? []) message(writer, 13, (inner) => writeValue(inner, value));
}

function writeNode(writer: BinaryWriter, { op, domain, name, inputs, outputs, attributes = {} }: OnnxNode): void {
  for (const value of inputs) text(writer, 1, value);
  for (const value of outputs) text(writer, 2, value);
  if (name !== undefined) text(writer, 3, name);
  text(writer, 4, op);
  for (const [key, value] of Object.entries(attributes))
    message(writer, 5, (inner) => writeAttribute(inner, key, value));
  if (domain !== undefined) text(writer, 7, domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(writer, 1, name);
  if ('float' in value) writer.tag(2, WireType.Bit32).float(value.float);
  else if ('int' in value) integer(writer, 3, value.int);
  else if ('string' in value) text(writer, 4, value.string);
  else if ('tensor' in value) message(writer, 5, (inner) => writeTensor(inner, value.tensor));
  else if ('floats' in value) for (const item of value.floats) writer.tag(7, WireType.Bit32).float(item);
  else for (const item of value.ints) integer(writer, 8, item);
  integer(writer, 20, attributeTypeCode(value));
}

/** AttributeProto.AttributeType. */
function attributeTypeCode(value: OnnxAttribute): number {
  const codes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 };
  return codes[Object.keys(value)[0] as keyof typeof codes];
}

function writeTensor(writer: BinaryWriter, { name, type, shape, data }: OnnxTensor): void {
  for (const size of shape) integer(writer, 1, size);
  integer(writer, 2, ELEMENT_TYPE_CODES[type]);
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(data);
}

function writeValue(writer: BinaryWriter, { name, type, shape }: OnnxValue): void {
  text(writer, 1, name);
  message(writer, 2, (typeProto) =>
    message(typeProto, 1, (tensorType) => {
      integer(tensorType, 1, ELEMENT_TYPE_CODES[type]);
      message(tensorType, 2, (shapeProto) => {
        for (const size of shape) message(shapeProto, 1, (dimension) => integer(dimension, 1, size));
      });
    }),
  );
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function integer(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}
