/**
 * Finds the address of the client that sent a request. A proxy puts this address into the header `X-Forwarded-For`. A
 * client can forge that header, so only the entries that trusted proxies wrote are used.
 */
import { BlockList, isIP } from 'node:net';
import { badInput } from '../../errors.ts';
import { quote } from '../../text/nearest.ts';

/** `remote` is the address of the connection, `forwardedFor` the header's value. */
export type ClientAddress = (options: { remote: string; forwardedFor?: string | undefined }) => string;

/** `trustedProxies`: addresses and networks ('10.0.0.0/8', '::1'). Throws `badInput` for anything else. */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) addNetwork(trusted, proxy);
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return ({ remote, forwardedFor = '' }) => {
    let client = plainAddress(remote);
    // Each proxy appends the address it received from, so the last entry is the nearest.
    const hops = forwardedFor.split(',').map((hop) => plainAddress(hop.trim()));
    while (isIP(client) !== 0 && isTrusted(client)) {
      const before = hops.pop();
      if (before === undefined || isIP(before) === 0) break;
      client = before;
    }
    return client;
  };
}

/**
 * Normalises an address: '::ffff:10.0.0.1' becomes '10.0.0.1'. The port and brackets that some proxies write are
 * removed.
 */
function plainAddress(text: string): string {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return /^::ffff:([\d.]+)$/i.exec(bare)?.[1] ?? bare;
}

function addNetwork(list: BlockList, text: string): void {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const bits = prefix === undefined ? undefined : Number(prefix);
  const isFit = bits === undefined || (/^\d{1,3}$/.test(prefix!) && bits <= (family === 6 ? 128 : 32));
  if (family === 0 || !isFit || rest.length > 0) {
    throw badInput(
      `heed.toml: studio.trustedProxies must hold addresses or networks like "10.0.0.0/8", got ${quote(text)}`,
    );
  }
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, kind);
  else list.addSubnet(address, bits, kind);
}
