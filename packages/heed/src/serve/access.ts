/** Access to the server: clients on this machine need no key, all other clients need one. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { badInput } from '../errors.ts';
import { equalText } from '../studio/auth/secret.ts';
import { answerFault } from './api-error.ts';

const MIN_KEY_LENGTH = 16;
const MAX_KEY_LENGTH = 1000;

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * The key from HEED_API_KEY or `--key-file`; undefined when neither is set, which is allowed only on loopback
 * addresses.
 */
export async function readKey(options: { keyFile?: string | undefined; host: string }): Promise<string | undefined> {
  const { keyFile, host } = options;
  const source = keyFile === undefined ? 'HEED_API_KEY' : keyFile;
  const key = keyFile === undefined ? process.env.HEED_API_KEY : await readKeyFile(keyFile);
  if (key === undefined || (keyFile === undefined && key === '')) {
    if (isLoopback(host)) return undefined;
    throw badInput(`--host ${host} opens the server to others: expected a key in HEED_API_KEY or --key-file, got none`);
  }
  // The error does not quote the value, which may be another secret.
  if (!/^[\x21-\x7e]+$/.test(key) || key.length < MIN_KEY_LENGTH || key.length > MAX_KEY_LENGTH) {
    throw badInput(
      `${source}: expected a key of ${MIN_KEY_LENGTH} to ${MAX_KEY_LENGTH} letters, digits and signs on one line, got something else`,
    );
  }
  return key;
}

async function readKeyFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') {
      throw badInput(`--key-file must be a file with a key, found none at ${path}`);
    }
    throw error;
  });
  return text.trim();
}

/** Requires `Authorization: Bearer <key>`, compared in constant time. */
export function checkKey(key: string): MiddlewareHandler {
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1];
    if (given !== undefined && equalText(given, key)) return next();
    c.header('WWW-Authenticate', 'Bearer');
    const message =
      given === undefined
        ? 'Expected a key in the header Authorization: Bearer KEY, got none.'
        : 'Incorrect API key provided.';
    return answerFault(c, { status: 401, message, code: 'invalid_api_key' });
  };
}

/** Refuses requests with a foreign host name (DNS rebinding); used when the server has no key. */
export const checkLocalHost: MiddlewareHandler = async (c, next) => {
  const header = `http://${c.req.header('Host') ?? ''}`;
  const host = URL.canParse(header) ? new URL(header).hostname.replace(/^\[(.*)\]$/, '$1') : '';
  if (isLoopback(host)) return next();
  const message = 'Expected a request to localhost; a server behind another name needs a key.';
  return answerFault(c, { status: 403, message, code: 'host_not_allowed' });
};
