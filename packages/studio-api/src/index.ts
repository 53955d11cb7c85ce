/**
 * Types of the studio's HTTP API. The server's routes are their source; `npm run pack` copies their declarations here.
 */
export type * from '../../heed/src/studio/api.ts';
