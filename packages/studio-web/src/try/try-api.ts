/** The requests to the server of the page on which people try models. */
import { api, read } from '../api/client.ts';

export const loadTries = () => read(api.tries.$get());
export type Tries = Awaited<ReturnType<typeof loadTries>>;
export type Try = Tries['tries'][number];
export type OpenTry = Tries['open'][number];

export interface TryRequest {
  prompt: string;
  models: string[];
  count: number;
  bestOf: number;
}

export const startTry = (json: TryRequest) => read(api.tries.$post({ json }));
export const cancelTry = (job: string) => read(api.jobs[':id'].stop.$post({ param: { id: job } }));
export const addPrompt = (prompt: string) => read(api.tries['evaluation-prompts'].$post({ json: { prompt } }));
export const labelPicture = (picture: string) => read(api.tries.label.$post({ json: { picture } }));
export const compareTry = (id: string, json: { treated: string; baseline: string }) =>
  read(api.tries[':id'].compare.$post({ param: { id }, json }));
