/** Makes an invite: for whom, for what, how long, how many people. */
import type { FormEvent } from 'react';
import type { Purpose } from '../session/session.ts';

export interface NewInvite {
  name: string;
  purpose: Purpose;
  days: number;
  maxUses: number;
}

/** What raters are asked for, as the owner says it. */
export const PURPOSES = [
  ['both', 'labelling and comparisons'],
  ['labelling', 'labelling'],
  ['comparison', 'comparisons'],
] as const satisfies readonly (readonly [Purpose, string])[];

export function InviteForm({ onInvite }: { onInvite: (invite: NewInvite) => void }) {
  const invite = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onInvite({
      name: String(form.get('name')),
      purpose: form.get('purpose') as Purpose,
      days: Number(form.get('days')),
      maxUses: Number(form.get('uses')),
    });
    event.currentTarget.reset();
  };
  return (
    <form className="row filters" onSubmit={invite}>
      <label className="labelled">
        For whom
        <input className="field" name="name" required maxLength={100} autoComplete="off" dir="auto" />
      </label>
      <label className="labelled">
        For what
        <select className="field" name="purpose" defaultValue="both">
          {PURPOSES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label className="labelled">
        Days
        <input className="field short" name="days" type="number" min={1} max={365} defaultValue={7} required />
      </label>
      <label className="labelled">
        People
        <input className="field short" name="uses" type="number" min={1} max={10000} defaultValue={1} required />
      </label>
      <button type="submit" className="button primary">
        Make a link
      </button>
    </form>
  );
}
