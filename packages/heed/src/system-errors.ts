/** Failures of the machine rather than of the code: a full disk, missing permissions, exhausted memory. */

const SENTENCES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file would be larger than the system allows',
  EACCES: 'permission to a file or folder is missing',
  EPERM: 'permission to a file or folder is missing',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EBUSY: 'a file or folder is in use',
  ENOENT: 'a file or folder is missing',
  EEXIST: 'a file or folder is there already',
  ENOTEMPTY: 'a folder is not empty',
  ENOTDIR: 'a folder was expected where a file is',
  EISDIR: 'a file was expected where a folder is',
  ELOOP: 'symbolic links lead in a circle',
  ENAMETOOLONG: 'a path is too long',
  EXDEV: 'a file cannot be moved to another disk',
  ENOMEM: 'memory ran out',
  EAGAIN: 'the system has no room for another process or file',
  EADDRINUSE: 'the port is taken',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ECONNREFUSED: 'the other side refuses connections',
  ECONNRESET: 'the other side cut the connection',
  ECONNABORTED: 'the other side cut the connection',
  EPIPE: 'the other side cut the connection',
  ETIMEDOUT: 'the other side did not answer in time',
  EHOSTUNREACH: 'the other side cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the name of the other side is unknown',
  EAI_AGAIN: 'the name of the other side cannot be looked up',
};

/**
 * SQLSTATE classes of failures that the SQL statement did not cause: connection, resources, operator intervention,
 * system error.
 */
const DATABASE_CLASSES = ['08', '53', '57', '58'];
const CAUSES_FOLLOWED = 5;

/** Describes a failure of the machine if `error`, or one of its causes, is such a failure; else undefined. */
export function systemFailure(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < CAUSES_FOLLOWED && current instanceof Error; depth++) {
    const sentence = sentenceOf(current);
    if (sentence !== undefined) return sentence;
    current = current.cause;
  }
  return undefined;
}

/** node-postgres messages for a lost connection; these errors have no code. */
const LOST_CONNECTION =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

function sentenceOf(error: Error): string | undefined {
  // V8 gives this one no code.
  if (error instanceof RangeError && error.message === 'Array buffer allocation failed') return SENTENCES.ENOMEM;
  if (LOST_CONNECTION.test(error.message)) return 'the connection to the database is lost';
  const { code, path, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (typeof code !== 'string') return undefined;
  if ('severity' in error && DATABASE_CLASSES.includes(code.slice(0, 2)))
    return `the database failed: ${error.message}`;
  const sentence = SENTENCES[code];
  if (sentence === undefined) return undefined;
  const where = path ?? (port === undefined ? address : `${address ?? ''}:${port}`);
  return where === undefined ? sentence : `${sentence}: ${where}`;
}
