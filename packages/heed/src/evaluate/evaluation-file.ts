/** The name of an evaluation's file in its run's folder; apart from run.ts so that readers load no networks. */
export const EVALUATION_FILE = 'evaluation.json';
