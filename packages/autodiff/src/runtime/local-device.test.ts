// The GPU of a rank: by its place among the processes of its host.
import { expect, it } from 'vitest';
import { localDeviceId } from './local-device.ts';

it.each([
  [{}, 0],
  [{ OMPI_COMM_WORLD_LOCAL_RANK: '3' }, 3],
  [{ SLURM_LOCALID: '2' }, 2],
  // Slurm gives each task one GPU, which is its number 0.
  [{ SLURM_LOCALID: '2', CUDA_VISIBLE_DEVICES: '5' }, 0],
  [{ OMPI_COMM_WORLD_LOCAL_RANK: '3', CUDA_VISIBLE_DEVICES: '4,6' }, 1],
  [{ OMPI_COMM_WORLD_LOCAL_RANK: 'x' }, 0],
])('by the environment %o is %i', (env, id) => {
  expect(localDeviceId(env)).toBe(id);
});
