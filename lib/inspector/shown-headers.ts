const MAX_VALUE = 200;
/** Enough to compare two of them. */
const SIGNATURE_START = 16;
const IDS = ['webhook-id', 'webhook-timestamp', 'svix-id', 'svix-timestamp'];
const SIGNATURES = ['webhook-signature', 'svix-signature', 'scalekit-signature', 'x-scalekit-signature'];
const OTHERS = ['content-type', 'content-length', 'content-encoding', 'user-agent'];
/** How much of each header is shown. */
const MOST: readonly (readonly [string, number])[] = [
  ...IDS.map((name) => [name, MAX_VALUE] as const),
  ...SIGNATURES.map((name) => [name, SIGNATURE_START] as const),
  ...OTHERS.map((name) => [name, MAX_VALUE] as const),
];

/** The headers that matter of a delivery, which nobody has to vouch for. */
export function shownHeaders(headers: unknown): Readonly<Record<string, string>> {
  const all = typeof headers === 'object' && headers !== null ? headers : {};
  const shown: Record<string, string> = {};
  for (const [name, most] of MOST) {
    const value: unknown = Reflect.get(all, name);
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (typeof text === 'string') {
      shown[name] = text.length > most ? `${text.slice(0, most)}…` : text;
    }
  }
  return shown;
}
