/** Links that let raters in: making, copying and revoking them, and what raters are shown when they are done. */
import { LinkField } from '../parts/link-field.tsx';
import { LocalLinkNote } from '../parts/local-link-note.tsx';
import { InviteForm, type NewInvite } from './invite-form.tsx';
import { COPY, type Invite, InviteRow } from './invite-row.tsx';

interface InvitesSectionProps {
  invites: readonly Invite[];
  completion: { code: string; url?: string | undefined };
  onInvite: (invite: NewInvite) => void;
  onRevoke: (id: string) => void;
}

export function InvitesSection({ invites, completion, onInvite, onRevoke }: InvitesSectionProps) {
  return (
    <section className="panel">
      <h2>Invite</h2>
      <p className="soft">
        Whoever has the link can judge without an account, until it is over or revoked. A link for one person is
        personal: it leads back to their answers on any device.
      </p>
      <InviteForm onInvite={onInvite} />
      {invites.length > 0 && (
        <ul className="invites">
          {invites.map((made) => (
            <InviteRow key={made.id} invite={made} onRevoke={() => onRevoke(made.id)} />
          ))}
        </ul>
      )}
      {invites[0] && <LocalLinkNote link={invites[0].link} />}
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
                  <b>
                    <bdi>{name}</bdi>
                  </b>
                  <LinkField
                    label={`Link for participants, ${name}`}
                    link={platformLink}
                    className="platform-link"
                    copy={COPY}
                  />
                </li>
              ))}
          </ul>
        </details>
      )}
    </section>
  );
}
