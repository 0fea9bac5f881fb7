import { isIP } from 'node:net';

/** The name in a `Host` header or an authority, without port and brackets, in lower case; undefined when it is none. */
export function hostNameOf(authority: string | undefined): string | undefined {
  if (!authority || !URL.canParse(`http://${authority}`)) return undefined;
  const { hostname } = new URL(`http://${authority}`);
  return hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

/** True for names and addresses that lead back to this machine. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * True when no web page can have chosen this name by DNS rebinding: an address, a name without a dot (containers), or a
 * cluster's own suffix. Anything with a dot can be registered by an attacker and pointed at 127.0.0.1.
 */
export function isRebindingSafe(name: string): boolean {
  return isIP(name) !== 0 || !name.includes('.') || /\.(localhost|svc|cluster\.local)$/.test(name);
}
