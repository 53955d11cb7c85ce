/**
 * Invite links, what each rater has done and how far they can be relied on, and the known answers that this rests on.
 */
import { useState } from 'react';
import { api, read } from '../api/client.ts';
import { Page, percent } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { InvitesSection } from './invites-section.tsx';
import { KnownAnswersSection } from './known-answers-section.tsx';
import { PeopleTable } from './people-table.tsx';

const loadInvites = () => read(api.invites.$get());
const loadRaters = () => read(api.raters.$get());
const loadKnown = () => read(api.gold.$get());

function setAside(id: string, isSetAside: boolean): Promise<unknown> {
  const rater = api.raters[':id'];
  return isSetAside
    ? read(rater['set-aside'].$post({ param: { id } }))
    : read(rater['take-back'].$post({ param: { id } }));
}

export function RatersPage() {
  const invites = useData(loadInvites);
  const raters = useData(loadRaters);
  const known = useData(loadKnown);
  const [failure, setFailure] = useState<string>();
  const after = (work: Promise<unknown>, reload: () => void) =>
    void work.then(reload, (error: Error) => setFailure(error.message));

  return (
    <Page
      title="Raters"
      hasFigures
      problem={failure ?? invites.problem ?? raters.problem ?? known.problem}
      isLoading={invites.data === undefined || raters.data === undefined || known.data === undefined}
    >
      {invites.data && raters.data && known.data && (
        <>
          <InvitesSection
            {...invites.data}
            onInvite={(json) => after(read(api.invites.$post({ json })), invites.reload)}
            onRevoke={(id) => after(read(api.invites[':id'].revoke.$post({ param: { id } })), invites.reload)}
          />
          <Agreement agreement={raters.data.agreement} />
          <section>
            <h2>People</h2>
            {raters.data.raters.length === 0 && (
              <p className="soft">No person has judged yet. Make a link above and send it.</p>
            )}
            {raters.data.raters.length > 0 && (
              <PeopleTable
                raters={raters.data.raters}
                onSetAside={(id, isSetAside) => after(setAside(id, isSetAside), raters.reload)}
              />
            )}
            <p className="soft">Answers that are set aside stay in feedback.jsonl; rewards do not learn from them.</p>
          </section>
          <KnownAnswersSection
            queries={known.data.queries}
            onRemove={(query) => after(read(api.gold[':query'].remove.$post({ param: { query } })), known.reload)}
          />
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
