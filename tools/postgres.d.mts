/** Types of postgres.mjs, for the tests that import it. */
export function findPostgres(): string | undefined;
export function startPostgres(options?: { settings?: Readonly<Record<string, string>> }): {
  readonly url: string;
  stopServer(): void;
  startServer(): void;
  remove(): void;
};
