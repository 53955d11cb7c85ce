/** Says above figures that a program made judgements under them, and how many. */
import { api, read } from '../api/client.ts';
import { countText } from './count-text.ts';
import { useData } from './use-data.ts';

const load = () => read(api.overview.judges.$get());

export function SimulatedNote() {
  const { data } = useData(load);
  if (data === undefined || data.simulated === 0) return null;
  return <p className="simulated-note">{simulatedText(data)}</p>;
}

/** 'All 4,800 judgements of images are simulated: a program made them, no person did.' */
export function simulatedText({ byPeople, simulated }: { byPeople: number; simulated: number }): string {
  const all = byPeople + simulated;
  const made = 'a program made them, no person did';
  return byPeople === 0
    ? `All ${countText(all)} judgements of images are simulated: ${made}.`
    : `${countText(simulated)} of ${countText(all)} judgements of images are simulated: ${made}.`;
}
