/** Why this machine cannot play hosts or Slurm in tests, and whether installing a package would help. */
type WhyNot = { isInstallable: boolean; why: string } | undefined;

export function whyNoHosts(): WhyNot;
export function whyNoSlurm(): WhyNot;
