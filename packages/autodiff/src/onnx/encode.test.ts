import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { encodeModel } from './encode.ts';
import type { OnnxGraph } from './model.ts';
import { ModelProtoSchema, TensorProto_DataLocation } from './onnx.generated.ts';

const weight = Float32Array.of(1, -2, 3.5, 4, 5, 6);
const weightBytes = new Uint8Array(weight.buffer);

const sample: OnnxGraph = {
  name: 'sample',
  inputs: [{ name: 'x', type: 'int64', shape: [2, 3] }],
  outputs: [{ name: 'y', type: 'float32', shape: [] }],
  valueInfo: [{ name: 'v', type: 'float16', shape: [7] }],
  initializers: [
    { name: 'w', type: 'float32', shape: [2, 3], data: weightBytes },
    { name: 'e', type: 'float32', shape: [1000, 1000], data: 'external' },
  ],
  nodes: [
    {
      op: 'FusedMatMul',
      domain: 'com.microsoft',
      name: 'n',
      inputs: ['x', '', 'w'],
      outputs: ['y'],
      attributes: {
        transB: { int: 1 },
        alpha: { float: 0.5 },
        axes: { ints: [0, -1] },
        scales: { floats: [1.5, 2] },
        mode: { string: 'nearest' },
        value: { tensor: { name: 't', type: 'float32', shape: [6], data: weightBytes } },
      },
    },
  ],
};

describe('encodeModel', () => {
  const model = fromBinary(ModelProtoSchema, encodeModel(sample));

  it('imports both operator sets', () => {
    expect(model.irVersion).toBe(9n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ['', 18n],
      ['com.microsoft', 1n],
    ]);
    const older = fromBinary(ModelProtoSchema, encodeModel(sample, { opset: 17 }));
    expect(older.opsetImport[0]?.version).toBe(17n);
  });

  it('keeps names, optional inputs and every kind of attribute', () => {
    const node = model.graph!.node[0]!;
    expect([node.opType, node.domain, node.name]).toEqual(['FusedMatMul', 'com.microsoft', 'n']);
    expect(node.input).toEqual(['x', '', 'w']);
    const attribute = (name: string) => node.attribute.find((item) => item.name === name)!;
    expect(attribute('transB')).toMatchObject({ i: 1n, type: 2 });
    expect(attribute('alpha')).toMatchObject({ f: 0.5, type: 1 });
    expect(attribute('axes')).toMatchObject({ ints: [0n, -1n], type: 7 });
    expect(attribute('scales')).toMatchObject({ floats: [1.5, 2], type: 6 });
    expect(new TextDecoder().decode(attribute('mode').s)).toBe('nearest');
    expect([...attribute('value').t!.rawData]).toEqual([...weightBytes]);
  });

  it('writes weights as their raw bytes, and none for external ones', () => {
    const [given, external] = model.graph!.initializer;
    expect(given).toMatchObject({ name: 'w', dims: [2n, 3n], dataType: 1 });
    expect([...given!.rawData]).toEqual([...weightBytes]);
    expect(external).toMatchObject({ name: 'e', dims: [1000n, 1000n] });
    expect(external!.dataLocation).toBe(TensorProto_DataLocation.EXTERNAL);
    expect(external!.rawData).toHaveLength(0);
  });

  it('writes static shapes', () => {
    const type = model.graph!.input[0]!.type!.value;
    if (type.case !== 'tensorType') throw new Error('expected a tensor');
    expect(type.value.elemType).toBe(7);
    expect(type.value.shape!.dim.map((dim) => dim.value.value)).toEqual([2n, 3n]);
    expect(model.graph!.valueInfo[0]!.name).toBe('v');
  });

  it('refuses bytes that do not fit the shape', () => {
    const initializers = [{ name: 'w', type: 'float32' as const, shape: [2, 2], data: weightBytes }];
    expect(() => encodeModel({ ...sample, initializers })).toThrow(
      'tensor w: expected 16 bytes for float32 [2, 2], got 24',
    );
  });
});
