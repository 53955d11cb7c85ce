/** Links that let raters in: making, copying and revoking them, and what raters are shown when they are done. */
import type { FormEvent } from 'react';

interface Invite {
  id: string;
  name: string;
  link: string;
  platformLink: string;
  uses: number;
  maxUses: number;
  expiresAt: string;
  isRevoked: boolean;
}

interface InvitesSectionProps {
  invites: readonly Invite[];
  completion: { code: string; url?: string | undefined };
  onInvite: (invite: { name: string; days: number; maxUses: number }) => void;
  onRevoke: (id: string) => void;
}

export function InvitesSection({ invites, completion, onInvite, onRevoke }: InvitesSectionProps) {
  const invite = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onInvite({ name: String(form.get('name')), days: Number(form.get('days')), maxUses: Number(form.get('uses')) });
    event.currentTarget.reset();
  };
  return (
    <section className="panel">
      <h2>Invite</h2>
      <p className="soft">Whoever has the link can label without an account, until it is over or revoked.</p>
      <form className="row filters" onSubmit={invite}>
        <label className="labelled">
          For whom
          <input className="field" name="name" required maxLength={100} autoComplete="off" />
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
      {invites.length > 0 && (
        <ul className="invites">
          {invites.map((made) => (
            <InviteRow key={made.id} invite={made} onRevoke={() => onRevoke(made.id)} />
          ))}
        </ul>
      )}
      {invites.length > 0 && (
        <details className="soft">
          <summary>For Prolific and other platforms</summary>
          <p>
            Participants are known by the ids that the platform puts into their link. Those who are done are shown the
            completion code <code>{completion.code}</code>
            {completion.url === undefined
              ? '; set label.completionUrl in heed.toml to send them back by themselves.'
              : ` and the way back to ${new URL(completion.url).host}.`}
          </p>
          <ul className="invites">
            {invites
              .filter(({ isRevoked }) => !isRevoked)
              .map(({ id, name, platformLink }) => (
                <li key={id}>
                  <b dir="auto">{name}</b>
                  <LinkField label={`Link for participants, ${name}`} link={platformLink} className="platform-link" />
                </li>
              ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function InviteRow({ invite, onRevoke }: { invite: Invite; onRevoke: () => void }) {
  const { name, link, uses, maxUses, expiresAt, isRevoked } = invite;
  return (
    <li className={isRevoked ? 'is-over' : ''}>
      <b dir="auto">{name}</b>
      <span className="soft">
        {uses} of {maxUses} used · {isRevoked ? 'revoked' : `until ${new Date(expiresAt).toLocaleDateString()}`}
      </span>
      {!isRevoked && (
        <>
          <LinkField label={`Link for ${name}`} link={link} className="link" />
          <button type="button" className="button small" onClick={onRevoke}>
            Revoke
          </button>
        </>
      )}
    </li>
  );
}

function LinkField({ label, link, className }: { label: string; link: string; className: string }) {
  return (
    <input
      className={`field ${className}`}
      aria-label={label}
      readOnly
      value={link}
      onFocus={(event) => event.target.select()}
    />
  );
}
