/** Updates on a device without graph capture: each run allocates the buffers for its results. */
import { createDeviceDifferentiation } from './device-differentiation.ts';
import { createDeviceOptimizer } from './device-optimizer.ts';
import { disposeAll } from './device-sessions.ts';
import type { DeviceUpdate, DeviceUpdateOptions } from './device-update.ts';

export async function createEagerUpdate<I extends string>(options: DeviceUpdateOptions<I>): Promise<DeviceUpdate<I>> {
  const { packing, sessions } = options;
  const differentiation = await createDeviceDifferentiation(options);
  const updating = await createDeviceOptimizer(options);
  return {
    add: differentiation.add,
    sum: differentiation.sum,
    reset: differentiation.reset,
    async next(gradients, scalars) {
      const { norm, accept, reject } = await updating.run(gradients, scalars);
      return {
        norm,
        accept() {
          const weights = accept();
          for (const [key, tensor] of weights) differentiation.setParameter(key, tensor);
          if (packing.areViews) disposeAll(weights);
        },
        reject,
      };
    },
    fetch: updating.fetch,
    bytesMoved: sessions.bytesMoved,
    dispose() {
      updating.dispose();
      differentiation.dispose();
    },
  };
}
