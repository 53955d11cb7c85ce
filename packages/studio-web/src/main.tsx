/** Where the pages start. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ScriptErrorNotice } from './parts/script-error-notice.tsx';
import { noteScriptError, watchScriptErrors } from './parts/script-errors.ts';
import './styles/base.css';
import './styles/parts.css';
import './styles/labelling.css';
import './styles/comparing.css';
import './styles/pages.css';
import './styles/raters.css';
import './styles/runs.css';
import './styles/details.css';
import './styles/try.css';
import './styles/data.css';
import './styles/charts.css';
import './styles/results.css';
import './styles/guidelines.css';
import './styles/work.css';

watchScriptErrors();
// Apart from the app, which an error takes off the page.
createRoot(document.getElementById('notice')!).render(<ScriptErrorNotice />);
createRoot(document.getElementById('root')!, { onUncaughtError: noteScriptError }).render(<App />);
