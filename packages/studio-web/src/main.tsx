/** Where the pages start. */
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles/base.css';
import './styles/parts.css';
import './styles/labelling.css';
import './styles/comparing.css';
import './styles/pages.css';
import './styles/raters.css';
import './styles/data.css';
import './styles/charts.css';
import './styles/work.css';

createRoot(document.getElementById('root')!).render(<App />);
