import type { IncomingHttpHeaders } from 'node:http';

const OWN_HEADER = 'x-scalekit-inspector';

/**
 * Whether a page of ours has sent this, or a program: no page of another origin. Where a browser says neither where it comes
 * from nor its origin, a header of our own is asked for, which no form can send.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const { 'sec-fetch-site': site, origin, host } = headers;
  if (site !== undefined) {
    return site === 'same-origin';
  }
  if (origin !== undefined) {
    return host !== undefined && hostOf(origin) === host.toLowerCase();
  }
  return headers[OWN_HEADER] === '1';
}

/** Whether a browser says that a page of another site asks. */
export function isFromElsewhere({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return site === 'cross-site' || site === 'same-site';
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
