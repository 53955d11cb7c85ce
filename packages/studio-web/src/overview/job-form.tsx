/** A button that starts a command, with the few settings that one may want to change for this once. */
import type { StartableKind } from '@heed/studio-api';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { api, read } from '../api/client.ts';
import { useData } from '../parts/use-data.ts';
import type { JobOptions } from './job-watch.ts';

const load = () => read(api['job-settings'].$get());
type JobSetting = Awaited<ReturnType<typeof load>>['settings'][StartableKind][number];

interface JobFormProps {
  kind: StartableKind;
  /** What the button says. */
  title: string;
  isBusy: boolean;
  isPrimary?: boolean;
  onStart: (kind: StartableKind, options: JobOptions) => void;
}

export function JobForm({ kind, title, isBusy, isPrimary = false, onStart }: JobFormProps) {
  const { data, reload } = useData(load);
  const id = useId();
  useEffect(() => {
    // What has ended took its name.
    if (!isBusy) reload();
  }, [isBusy, reload]);
  const name = data?.names[kind];
  const hasSettings = data !== undefined && (name !== undefined || data.settings[kind].length > 0);
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    // Only what was changed: the rest stays with heed.toml, should that change.
    const settings = (data?.settings[kind] ?? []).flatMap(({ path, value }) => {
      const given = form.get(path);
      return given === null || String(given) === String(value) ? [] : [`${path}=${given}`];
    });
    const given = form.get(NAME_FIELD);
    onStart(kind, { settings, ...(given === null ? {} : { name: String(given) }) });
  };
  return (
    <form className="job-form" onSubmit={start}>
      <button type="submit" className={`button ${isPrimary ? 'primary' : ''}`} disabled={isBusy}>
        {title}
      </button>
      {hasSettings && (
        <details className="settings">
          <summary>Settings</summary>
          <div className="setting-list">
            {name !== undefined && (
              <Row id={`${id}${NAME_FIELD}`} label="Name" help={NAME_HELP}>
                <NameField key={name} id={`${id}${NAME_FIELD}`} name={name} />
              </Row>
            )}
            {data.settings[kind].map((setting) => (
              <Row key={setting.path} id={`${id}${setting.path}`} label={setting.path} help={setting.description}>
                <SettingField id={`${id}${setting.path}`} setting={setting} />
              </Row>
            ))}
          </div>
          <p className="soft">
            They hold for this run alone; <code>heed.toml</code> keeps its own.
          </p>
        </details>
      )}
    </form>
  );
}

/** No setting has a name without a dot. */
const NAME_FIELD = 'name';
const NAME_HELP =
  'Of the run and of the model that it makes. A run that was stopped is continued on the Runs page, with its own settings.';

/** Shown again where the server offers another name. */
function NameField({ id, name }: { id: string; name: string }) {
  return (
    <input
      id={id}
      name={NAME_FIELD}
      className="field"
      aria-describedby={`${id}help`}
      defaultValue={name}
      required
      maxLength={64}
      pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
      autoComplete="off"
    />
  );
}

interface RowProps {
  id: string;
  label: string;
  help: string;
  children: React.ReactNode;
}

function Row({ id, label, help, children }: RowProps) {
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      {children}
      <p className="soft" id={`${id}help`}>
        {help}
      </p>
    </div>
  );
}

function SettingField({ id, setting }: { id: string; setting: JobSetting }) {
  const { path, value, type, minimum, maximum, choices } = setting;
  const shared = { id, name: path, className: 'field', 'aria-describedby': `${id}help` };
  const options = choices ?? (type === 'boolean' ? ['true', 'false'] : undefined);
  const [initial] = useState(String(value));
  if (options) {
    return (
      <select {...shared} defaultValue={initial}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    );
  }
  if (type === 'string') return <input {...shared} defaultValue={initial} />;
  return (
    <input
      {...shared}
      type="number"
      required
      step={type === 'integer' ? 1 : 'any'}
      {...(minimum === undefined ? {} : { min: minimum })}
      {...(maximum === undefined ? {} : { max: maximum })}
      defaultValue={initial}
    />
  );
}
