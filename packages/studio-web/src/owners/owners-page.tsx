/** Who looks after the project: adding owners, their login links, ending access; and logging out. */

import { type FormEvent, useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { LinkField } from '../parts/link-field.tsx';
import { dayText } from '../parts/moment-text.ts';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { LogoutButton } from '../session/logout-button.tsx';

const load = () => read(api.owners.$get());
type Owner = Awaited<ReturnType<typeof load>>['owners'][number];

const LOOK_EVERY_MS = 4000;
const COPY = { label: 'Copy', copied: 'Copied.', byHand: 'Copy it by hand: it is selected.' };

/** A login link that was just made, and for whom. */
interface IssuedLink {
  name: string;
  link: string;
}

export function OwnersPage() {
  const { owners, problem, issued, addOwner, makeLink, endAccess } = useOwners();
  const [ending, setEnding] = useState<Owner>();
  const end = (owner: Owner) => {
    setEnding(undefined);
    void endAccess(owner);
  };
  return (
    <Page title="Owners" problem={problem} isLoading={owners === undefined}>
      <section>
        <ul className="runs">
          {(owners ?? []).map((owner) => (
            <OwnerRow
              key={owner.id}
              owner={owner}
              onLink={() => void makeLink(owner)}
              onEnd={() => (owner.isYou ? end(owner) : setEnding(owner))}
            />
          ))}
        </ul>
        {issued && <IssuedLinkPanel issued={issued} />}
      </section>
      <AddOwnerForm onAdd={addOwner} />
      <section>
        <h2>This browser</h2>
        <div className="row">
          <LogoutButton />
          <span className="soft">
            You come back by a link: another owner makes one here, or Enter in the terminal of <code>heed studio</code>.
          </span>
        </div>
      </section>
      {ending && <EndAccessDialog owner={ending} onEnd={() => end(ending)} onClose={() => setEnding(undefined)} />}
    </Page>
  );
}

/** The owners, loaded again and again, and what can be done with them. */
function useOwners() {
  const { data, problem, reload } = useData(load);
  const [failure, setFailure] = useState<string>();
  const [issued, setIssued] = useState<IssuedLink>();
  useEffect(() => {
    // Who logged in by a link shows by itself.
    const looking = setInterval(reload, LOOK_EVERY_MS);
    return () => clearInterval(looking);
  }, [reload]);
  const work = async (doing: () => Promise<void>) => {
    setFailure(undefined);
    try {
      await doing();
    } catch (error) {
      setFailure((error as Error).message);
    }
    reload();
  };
  return {
    owners: data?.owners,
    problem: problem ?? failure,
    issued,
    addOwner: (name: string, onAdded: () => void) =>
      work(async () => {
        const { owner, link } = await read(api.owners.$post({ json: { name } }));
        onAdded();
        setIssued({ name: owner.name, link });
      }),
    makeLink: ({ id, name, isYou }: Owner) =>
      work(async () => {
        const { link } = await read(api.owners[':id'].link.$post({ param: { id } }));
        setIssued({ name: isYou ? 'your other device' : name, link });
      }),
    endAccess: ({ id }: Owner) =>
      work(async () => {
        setIssued(undefined);
        await read(api.owners[':id'].revoke.$post({ param: { id } }));
      }),
  };
}

function IssuedLinkPanel({ issued: { name, link } }: { issued: IssuedLink }) {
  return (
    <section className="panel" aria-label="Login link">
      <p role="status">
        A link for <bdi>{name}</bdi>. It works once, and until the studio stops.
      </p>
      <div className="row">
        <LinkField link={link} label={`Login link for ${name}`} copy={COPY} />
      </div>
    </section>
  );
}

/** `onAdded` is called once the owner is there: the form is then empty again. */
function AddOwnerForm({ onAdd }: { onAdd: (name: string, onAdded: () => void) => Promise<void> }) {
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    void onAdd(String(new FormData(form).get('name')).trim(), () => form.reset());
  };
  return (
    <section className="panel">
      <h2>Add an owner</h2>
      <p className="soft">
        Owners see and change everything that you do. Each has a name and a login of their own; what they judge stands
        under their name.
      </p>
      <form className="row filters" onSubmit={add}>
        <label className="labelled">
          Name
          <input className="field" name="name" required maxLength={100} autoComplete="off" />
        </label>
        <button type="submit" className="button primary">
          Add and make a link
        </button>
      </form>
    </section>
  );
}

interface EndAccessDialogProps {
  owner: Owner;
  onEnd: () => void;
  onClose: () => void;
}

function EndAccessDialog({ owner: { name, addedAt }, onEnd, onClose }: EndAccessDialogProps) {
  return (
    <ConfirmDialog
      title={`End the access of ${name}`}
      heading={
        <>
          End the access of <bdi>{name}</bdi>?
        </>
      }
      action="End it"
      onConfirm={onEnd}
      onClose={onClose}
    >
      {addedAt === undefined
        ? 'All their browsers are logged out. The terminal of the studio can still print a new link.'
        : 'All their browsers are logged out, and no link lets them in again. Their judgements stay.'}
    </ConfirmDialog>
  );
}

interface OwnerRowProps {
  owner: Owner;
  onLink: () => void;
  onEnd: () => void;
}

function OwnerRow({ owner: { name, addedAt, devices, isYou }, onLink, onEnd }: OwnerRowProps) {
  return (
    <li className="run">
      <div className="row">
        <b>
          <bdi>{name}</bdi>
        </b>
        {isYou && <span className="tag is-done">you</span>}
        <span className="soft">
          {addedAt === undefined ? 'starts the studio' : `since ${dayText(addedAt)}`} · logged in on {devices}{' '}
          {devices === 1 ? 'browser' : 'browsers'}
        </span>
      </div>
      <div className="row run-actions">
        <button type="button" className="button small" onClick={onLink}>
          {isYou ? 'Link for another device' : 'Login link'}
          {!isYou && <span className="visually-hidden"> for {name}</span>}
        </button>
        {isYou ? (
          <button type="button" className="button small" disabled={devices < 2} onClick={onEnd}>
            Log out my other browsers
          </button>
        ) : (
          <button type="button" className="button small" onClick={onEnd}>
            End access…<span className="visually-hidden"> of {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}
