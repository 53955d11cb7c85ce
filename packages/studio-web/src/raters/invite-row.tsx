/** One invite: its link to copy or to scan, a trial for the owner, and its end. */

import { useState } from 'react';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { LinkField } from '../parts/link-field.tsx';
import { dayText } from '../parts/moment-text.ts';
import { QrCode } from '../parts/qr-code.tsx';
import type { Purpose } from '../session/session.ts';
import { PURPOSES } from './invite-form.tsx';

export interface Invite {
  id: string;
  name: string;
  purpose: Purpose;
  link: string;
  platformLink: string;
  uses: number;
  maxUses: number;
  expiresAt: string;
  isRevoked: boolean;
}

/** What is said when a link is copied. */
export const COPY = { label: 'Copy', copied: 'Copied.', byHand: 'Selected: copy it with Ctrl-C.' } as const;

export function InviteRow({ invite, onRevoke }: { invite: Invite; onRevoke: () => void }) {
  const { name, purpose, link, uses, maxUses, expiresAt, isRevoked } = invite;
  const [dialog, setDialog] = useState<'code' | 'revoke'>();
  const close = () => setDialog(undefined);
  const forWhat = PURPOSES.find(([value]) => value === purpose)![1];
  const isPersonal = maxUses === 1;
  return (
    <li className={isRevoked ? 'is-over' : ''}>
      <b>
        <bdi>{name}</bdi>
      </b>
      <span className="soft">
        {forWhat} ·{' '}
        {isPersonal ? (uses === 0 ? 'personal, not used yet' : 'personal, in use') : `${uses} of ${maxUses} used`} ·{' '}
        {isRevoked ? 'revoked' : `until ${dayText(expiresAt)}`}
      </span>
      {!isRevoked && (
        <>
          <LinkField label={`Link for ${name}`} link={link} copy={COPY} />
          <button type="button" className="button small" onClick={() => setDialog('code')}>
            QR code<span className="visually-hidden"> of the link for {name}</span>
          </button>
          <a className="button small" href={link} target="_blank" rel="noreferrer">
            Try as a rater<span className="visually-hidden"> by the link for {name}</span>
          </a>
          <button type="button" className="button small" onClick={() => setDialog('revoke')}>
            Revoke…<span className="visually-hidden"> the link for {name}</span>
          </button>
        </>
      )}
      {dialog === 'code' && (
        <Dialog title={`QR code for ${name}`} className="qr-dialog" onClose={close}>
          <h2>
            <bdi>{name}</bdi>
          </h2>
          <QrCode text={link} label={`QR code of the link for ${name}`} />
          <button type="button" className="button primary" onClick={close}>
            Close
          </button>
        </Dialog>
      )}
      {dialog === 'revoke' && (
        <ConfirmDialog
          title={`Revoke the link for ${name}`}
          heading={
            <>
              Revoke the link for <bdi>{name}</bdi>?
            </>
          }
          action="Revoke"
          onConfirm={() => {
            close();
            onRevoke();
          }}
          onClose={close}
        >
          {uses === 0
            ? 'After that, no rater can join by this link.'
            : 'After that, no rater can join by this link, and raters who joined by the link cannot continue. Answers that were sent stay. Answers that still wait in a browser are lost.'}
        </ConfirmDialog>
      )}
    </li>
  );
}
