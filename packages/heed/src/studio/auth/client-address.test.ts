// Who a request comes from: the connection, or what trusted proxies say of it.
import { describe, expect, it } from 'vitest';
import { createClientAddress } from './client-address.ts';

describe('the client', () => {
  it('is the connection where no proxy is trusted, whatever the header says', () => {
    const clientOf = createClientAddress([]);
    expect(clientOf({ remote: '203.0.113.9', forwardedFor: '10.0.0.1' })).toBe('203.0.113.9');
    expect(clientOf({ remote: '::ffff:203.0.113.9' })).toBe('203.0.113.9');
    expect(clientOf({ remote: '', forwardedFor: '1.2.3.4' })).toBe('');
  });

  it('is whom a trusted proxy heard from, as far back as proxies are trusted', () => {
    const clientOf = createClientAddress(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1']);
    const from = (remote: string, forwardedFor?: string) => clientOf({ remote, forwardedFor });
    expect(from('127.0.0.1', '198.51.100.7')).toBe('198.51.100.7');
    expect(from('::ffff:127.0.0.1', '198.51.100.7')).toBe('198.51.100.7');
    expect(from('127.0.0.1', '198.51.100.7, 10.1.2.3')).toBe('198.51.100.7');
    // What the client wrote itself stands before what the proxy appended.
    expect(from('127.0.0.1', '1.1.1.1, 198.51.100.7')).toBe('198.51.100.7');
    expect(from('::1', '[2001:db8::5]:443, 2001:db8::1')).toBe('2001:db8::5');
    expect(from('10.9.9.9', '198.51.100.7:5123')).toBe('198.51.100.7');
    expect(from('203.0.113.9', '198.51.100.7')).toBe('203.0.113.9');
  });

  it('is the nearest address that is one, where the header is nonsense', () => {
    const clientOf = createClientAddress(['127.0.0.1']);
    for (const forwardedFor of [undefined, '', 'unknown', 'evil<b>', '1.2.3', ', ,']) {
      expect([forwardedFor, clientOf({ remote: '127.0.0.1', forwardedFor })]).toEqual([forwardedFor, '127.0.0.1']);
    }
  });

  it('takes only addresses and networks as proxies', () => {
    for (const bad of ['localhost', '10.0.0.0/33', '::1/129', '10.0.0.0/8/8', '1.2.3', '', '*', '10.0.0.0/x']) {
      expect(() => createClientAddress([bad])).toThrow(/studio\.trustedProxies must hold addresses or networks/);
    }
  });
});
