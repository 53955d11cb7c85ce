/** Collects the op tables of this folder's files into one table by op name. */
import { activationOps } from './activation.ts';
import { attentionOps } from './attention.ts';
import { convOps } from './conv.ts';
import { elementwiseOps } from './elementwise.ts';
import { fusedAttentionOps } from './fused-attention.ts';
import { gatherOps } from './gather.ts';
import { barrierOps } from './loss.ts';
import { matmulOps } from './matmul.ts';
import { normOps } from './norm.ts';
import { poolOps } from './pool.ts';
import { reduceOps } from './reduce.ts';
import { resampleOps } from './resample.ts';
import { shapeOps } from './shape.ts';

/** All ops by name. `docs/ops.md` and the gradient checks are generated from this table. */
export const OPS = {
  ...elementwiseOps,
  ...activationOps,
  ...reduceOps,
  ...shapeOps,
  ...matmulOps,
  ...convOps,
  ...normOps,
  ...attentionOps,
  ...fusedAttentionOps,
  ...gatherOps,
  ...resampleOps,
  ...poolOps,
  ...barrierOps,
};
