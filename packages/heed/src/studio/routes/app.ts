/** All routes of the studio behind the request guard. The neighbouring files implement the routes. */
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { DEFECT_ANSWER, isBadInput, tellError } from '../../errors.ts';
import { type AttemptLimit, createAttemptLimit } from '../auth/attempt-limit.ts';
import { createClientAddress } from '../auth/client-address.ts';
import {
  checkBody,
  checkFlood,
  checkHost,
  checkOrigin,
  checkPolicy,
  problem,
  responseHeaders,
  type StudioEnv,
  sendAgain,
  tooMany,
} from '../auth/guard.ts';
import { createSessionCookies } from '../auth/session-cookies.ts';
import type { StaticPages } from '../pages/static-pages.ts';
import { Overloaded } from '../storage/batches.ts';
import type { Studio } from '../studio.ts';
import { comparingRoutes } from './comparing.ts';
import { comparisonRoutes } from './comparisons.ts';
import { dataRoutes } from './data.ts';
import { evaluationRoutes } from './evaluation.ts';
import { goldRoutes } from './gold.ts';
import { guidelineRoutes } from './guidelines.ts';
import { imageDetailRoutes } from './image-details.ts';
import { jobSettingRoutes } from './job-settings.ts';
import { jobRoutes } from './jobs.ts';
import { labellingRoutes } from './labelling.ts';
import { imageRoutes, overviewRoutes, reportRoutes } from './overview.ts';
import { ownerRoutes } from './owners.ts';
import { pageRoutes } from './pages.ts';
import { pictureRoutes } from './pictures.ts';
import { inviteRoutes, raterRoutes } from './raters.ts';
import { queueRoutes, rewardRoutes } from './rewards.ts';
import { roundRoutes } from './rounds.ts';
import { runRoutes } from './runs.ts';
import { sessionRoutes } from './session.ts';
import { trainingRoutes } from './training.ts';
import { tryRoutes } from './tries.ts';

export interface AppOptions {
  /** Origins under which browsers may call this server, such as 'http://127.0.0.1:4180'. Links use the first origin. */
  readonly origins: readonly string[];
  readonly pages: StaticPages;
  /** Called with each error inside the server. */
  readonly onError?: (error: unknown) => void;
  readonly attempts?: AttemptLimit;
}

/** Creates the app. Every response, including an error response, has the headers that the request guard sets. */
export function createApp(studio: Studio, options: AppOptions) {
  const { pages, onError = () => {}, attempts = createAttemptLimit() } = options;
  const origins = new Set(options.origins);
  const first = new URL(options.origins[0]!);
  const secure = first.protocol === 'https:';
  // Cookies ignore ports. Two studios on one machine would log each other out if their cookies had one name.
  const name = `${secure ? '__Host-' : ''}heed-${first.port || '0'}`;
  const cookies = createSessionCookies({ name, secure, secret: studio.secret, sessions: studio.sessions });
  const addressOf = createClientAddress(studio.project.config.studio.trustedProxies);
  const app = new Hono<StudioEnv>();
  app.use(responseHeaders({ secure, inlineScripts: pages.inlineScripts }));
  app.use(checkHost(origins));
  app.use(checkPolicy({ cookies }));
  app.use(checkOrigin(origins));
  app.use(checkFlood());
  app.use(checkBody);
  app.notFound((c) => problem(c, 404, 'there is nothing here'));
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status < 500) return problem(c, 400, 'the body: expected JSON');
    if (error instanceof Overloaded) return tooMany(c, { status: 503, seconds: 1, error: error.message });
    // An owner who reads gets the error of a damaged project file, because they can repair it. Answers are not lost,
    // since pages send them again.
    const isOwnerReading = c.req.method === 'GET' && c.var.identity?.role === 'owner';
    if (isBadInput(error) && isOwnerReading) return problem(c, 409, error.message);
    onError(error);
    if (tellError(error).isDefect) return problem(c, 500, DEFECT_ANSWER);
    return sendAgain(c, { seconds: 2, error: 'that did not work; nothing was changed' });
  });
  return app
    .route('/api/session', sessionRoutes(studio, { cookies, attempts, addressOf, origin: first.origin }))
    .route('/api/pictures', pictureRoutes(studio))
    .route('/api/labelling', labellingRoutes(studio))
    .route('/api/gold', goldRoutes(studio))
    .route('/api/guidelines', guidelineRoutes(studio))
    .route('/api/comparing', comparingRoutes(studio))
    .route('/api/comparisons', comparisonRoutes(studio))
    .route('/api/overview', overviewRoutes(studio))
    .route('/api/evaluation', evaluationRoutes(studio))
    .route('/api/images', imageRoutes(studio))
    .route('/api/reports', reportRoutes(studio))
    .route('/api/rewards', rewardRoutes(studio))
    .route('/api/queue', queueRoutes(studio))
    .route('/api/rounds', roundRoutes(studio))
    .route('/api/training', trainingRoutes(studio))
    .route('/api/image', imageDetailRoutes(studio))
    .route('/api/owners', ownerRoutes(studio, { origin: first.origin }))
    .route('/api/tries', tryRoutes(studio))
    .route('/api/runs', runRoutes(studio))
    .route('/api/job-settings', jobSettingRoutes(studio))
    .route('/api/data', dataRoutes(studio))
    .route('/api/jobs', jobRoutes(studio))
    .route('/api/invites', inviteRoutes(studio, { origin: first.origin }))
    .route('/api/raters', raterRoutes(studio))
    .route('/', pageRoutes(pages));
}

/** The type of all routes, from which the HTTP client of the web pages gets its types. */
export type StudioApp = ReturnType<typeof createApp>;
