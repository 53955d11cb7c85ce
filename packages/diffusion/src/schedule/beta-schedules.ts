/** The beta schedules of diffusers, under diffusers' names. The betas determine how much noise each timestep adds. */

interface BetaRange {
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly steps: number;
}

/** Each function returns `steps` betas in (0, 1). */
export const BETA_SCHEDULES = {
  /** Ho et al. 2020, section 4. */
  linear: ({ betaStart, betaEnd, steps }: BetaRange) => linspace(betaStart, betaEnd, steps),
  /** Linear in the square root: latent diffusion (Rombach et al. 2022), Stable Diffusion. */
  scaled_linear: ({ betaStart, betaEnd, steps }: BetaRange) =>
    linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), steps).map((root) => root * root),
  /** Nichol and Dhariwal 2021, equation 17: the signal falls as a squared cosine; betas end at 0.999. */
  squaredcos_cap_v2: ({ steps }: BetaRange) =>
    Float64Array.from({ length: steps }, (_, t) =>
      Math.min(1 - squaredCosine((t + 1) / steps) / squaredCosine(t / steps), 0.999),
    ),
} as const satisfies Record<string, (range: BetaRange) => Float64Array>;

/** `count` numbers from `first` to `last`, both included. */
export function linspace(first: number, last: number, count: number): Float64Array {
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) => (i === count - 1 && count > 1 ? last : first + i * step));
}

function squaredCosine(fraction: number): number {
  return Math.cos(((fraction + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
}
