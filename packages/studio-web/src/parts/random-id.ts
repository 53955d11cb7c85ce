/** Random ids that the page gives to its requests, so that the server recognises a repeated request. */

/** The random source of a page. `randomUUID` is left out, because pages over plain http do not have it. */
type RandomSource = Pick<Crypto, 'getRandomValues'>;

/**
 * A version 4 UUID (RFC 9562). The function works without a secure context, for example over plain http on a local
 * network.
 */
export function randomId(source: RandomSource = crypto): string {
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
