/**
 * Types of the studio's HTTP API. TypeScript derives the types from the server's routes; `npm run pack` copies the
 * declarations of the types into this package.
 */
export type * from '../../heed/src/studio/api.ts';
