/** Min-SNR-gamma weights of timesteps (Hang et al. 2023, equations 6 to 8). */

/**
 * Weight of the squared error at a signal-to-noise ratio: min(snr, gamma) / snr for noise prediction,
 * min(snr, gamma) / (snr + 1) for velocity prediction.
 */
export function minSnrWeight(
  snr: number,
  { predictionType, gamma = 5 }: { predictionType: 'epsilon' | 'v_prediction'; gamma?: number },
): number {
  return Math.min(snr, gamma) / (predictionType === 'epsilon' ? snr : snr + 1);
}
