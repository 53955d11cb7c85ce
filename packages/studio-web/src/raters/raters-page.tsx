/** Invite links, what each rater has done, and how far they agree. */
import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { Page, percent } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';

const loadInvites = () => read(api.invites.$get());
const loadRaters = () => read(api.raters.$get());

function setAside(id: string, isSetAside: boolean): Promise<unknown> {
  const rater = api.raters[':id'];
  return isSetAside
    ? read(rater['set-aside'].$post({ param: { id } }))
    : read(rater['take-back'].$post({ param: { id } }));
}

export function RatersPage() {
  const invites = useData(loadInvites);
  const raters = useData(loadRaters);
  const [failure, setFailure] = useState<string>();
  const after = (work: Promise<unknown>, reload: () => void) =>
    work.then(reload, (error: Error) => setFailure(error.message));

  const invite = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const json = { name: String(form.get('name')), days: Number(form.get('days')), maxUses: Number(form.get('uses')) };
    event.currentTarget.reset();
    void after(read(api.invites.$post({ json })), invites.reload);
  };

  return (
    <Page
      title="Raters"
      problem={failure ?? invites.problem ?? raters.problem}
      isLoading={invites.data === undefined || raters.data === undefined}
    >
      {invites.data && raters.data && (
        <>
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
                <input
                  className="field short"
                  name="uses"
                  type="number"
                  min={1}
                  max={10000}
                  defaultValue={1}
                  required
                />
              </label>
              <button type="submit" className="button primary">
                Make a link
              </button>
            </form>
            {invites.data.invites.length > 0 && (
              <ul className="invites">
                {invites.data.invites.map(({ id, name, link, uses, maxUses, expiresAt, isRevoked }) => (
                  <li key={id} className={isRevoked ? 'is-over' : ''}>
                    <b dir="auto">{name}</b>
                    <span className="soft">
                      {uses} of {maxUses} used ·{' '}
                      {isRevoked ? 'revoked' : `until ${new Date(expiresAt).toLocaleDateString()}`}
                    </span>
                    {!isRevoked && (
                      <>
                        <input
                          className="field link"
                          aria-label={`Link for ${name}`}
                          readOnly
                          value={link}
                          onFocus={(event) => event.target.select()}
                        />
                        <button
                          type="button"
                          className="button small"
                          onClick={() =>
                            void after(read(api.invites[':id'].revoke.$post({ param: { id } })), invites.reload)
                          }
                        >
                          Revoke
                        </button>
                      </>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </section>
          <Agreement agreement={raters.data.agreement} />
          <section>
            <h2>People</h2>
            {raters.data.raters.length === 0 && <p className="soft">Nobody has judged yet.</p>}
            {raters.data.raters.length > 0 && (
              <div className="table-frame">
                <table className="table">
                  <thead>
                    <tr>
                      {['Name', 'Answers', 'Good', 'Skipped', 'Seconds', 'With the others', ''].map((name) => (
                        <th key={name} scope="col">
                          {name || <span className="visually-hidden">Set aside</span>}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {raters.data.raters.map((rater) => (
                      <tr key={rater.id}>
                        <th scope="row" dir="auto">
                          {rater.name} {rater.isSetAside && <span className="tag is-stopped">set aside</span>}
                        </th>
                        <td>{rater.queries}</td>
                        <td>{percent(rater.good)}</td>
                        <td>{percent(rater.skip)}</td>
                        <td>{rater.medianSeconds?.toFixed(1) ?? '–'}</td>
                        <td>{percent(rater.withOthers)}</td>
                        <td>
                          <button
                            type="button"
                            className="button small"
                            onClick={() => void after(setAside(rater.id, !rater.isSetAside), raters.reload)}
                          >
                            {rater.isSetAside ? 'Take back' : 'Set aside'}
                            <span className="visually-hidden"> the answers of {rater.name}</span>
                          </button>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            <p className="soft">Answers that are set aside stay in feedback.jsonl; rewards do not learn from them.</p>
          </section>
        </>
      )}
    </Page>
  );
}

interface AgreementProps {
  agreement: { images: number; raw?: number | undefined; alpha?: number | undefined; kappa?: number | undefined };
}

function Agreement({ agreement: { images, raw, alpha, kappa } }: AgreementProps) {
  if (images === 0) return null;
  const figures = [
    ['Images judged by several', String(images)],
    ['Same answer', percent(raw)],
    ["Krippendorff's alpha", alpha?.toFixed(3) ?? '–'],
    ["Fleiss' kappa", kappa?.toFixed(3) ?? '–'],
  ] as const;
  return (
    <dl className="counts">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
