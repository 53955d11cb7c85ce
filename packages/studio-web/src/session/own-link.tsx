/** The rater's own link, for going on on another device. */
import { useTexts } from '../language/language.ts';
import { LinkField } from '../parts/link-field.tsx';
import { useSession } from './session.ts';

export function OwnLink() {
  const { returnLink } = useSession();
  const { help } = useTexts();
  if (returnLink === undefined) return null;
  return (
    <div className="own-link">
      <p>{help.ownLink}</p>
      <div className="row">
        <LinkField
          link={returnLink}
          label={help.ownLink}
          copy={{ label: help.copy, copied: help.copied, byHand: help.copyByHand }}
        />
      </div>
    </div>
  );
}
