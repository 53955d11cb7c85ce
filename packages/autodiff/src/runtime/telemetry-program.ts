/** A program for telemetry.test.ts. The program creates one small session, which starts ONNX Runtime. */
import { encodeModel } from '../onnx/encode.ts';
import { createSession } from './index.ts';
import { matmulChain } from './sample-graphs.ts';

(await createSession(encodeModel(matmulChain(2, 1))))[Symbol.dispose]();
