/** The requests of the runs page to the server. */
import { api, read } from '../api/client.ts';

export const loadRuns = () => read(api.runs.$get());
export type ProjectRun = Awaited<ReturnType<typeof loadRuns>>['runs'][number];

export const loadComparison = (runs: readonly string[]) => read(api.runs.compare.$get({ query: { run: [...runs] } }));
export type RunComparison = Awaited<ReturnType<typeof loadComparison>>;

export const loadJobs = () => read(api.jobs.$get());

/** Requests that change a run and need only the run's id. */
export const runChanges = {
  archive: (id: string) => read(api.runs[':id'].archive.$post({ param: { id } })),
  restore: (id: string) => read(api.runs[':id'].restore.$post({ param: { id } })),
  delete: (id: string) => read(api.runs[':id'].delete.$post({ param: { id } })),
} as const;
export type RunChange = keyof typeof runChanges;

export const renameRun = (id: string, to: string) =>
  read(api.runs[':id'].rename.$post({ param: { id }, json: { to } }));

export type ModelForm = 'folder' | 'checkpoint' | 'lora';

/** Asks the server to prepare the model's download, and then starts the download in the browser. */
export async function downloadModel(id: string, form: ModelForm): Promise<void> {
  const { token } = await read(api.runs[':id'].model[':form'].$post({ param: { id, form } }));
  const link = document.createElement('a');
  link.href = `/api/runs/downloads/${token}`;
  link.download = '';
  link.click();
}
