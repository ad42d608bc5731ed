import type { DeliveryToDiagnose } from './diagnosis.js';
import type { ReceivedHeaders } from './received-headers.js';

/** Tells what may help to find an unknown cause, and what an app has to heed in any case. */
export function observations(
  { body, secrets }: DeliveryToDiagnose,
  headers: ReceivedHeaders,
  verdict: 'holds' | 'explained' | 'unknown',
): string[] {
  const text = body.toString('utf8');
  const seen: string[] = [];
  if (secrets[0]?.endsWithNewline) {
    seen.push(
      'The secret file ends with a line break, which is left out here: your app has to trim it, too.',
    );
  }
  if (verdict !== 'unknown') {
    return seen;
  }
  if (headers.other('content-length') === String(body.length)) {
    seen.push(`The body has the ${body.length} bytes that content-length announces.`);
  }
  if (text.includes('\ufffd')) {
    seen.push('The body holds U+FFFD: bytes were lost when something decoded it as text.');
  }
  if (isWrittenByStringify(text)) {
    seen.push(
      'The body is just as JSON.stringify writes it. If your app made it from a parsed body, take the raw bytes.',
    );
  }
  return seen;
}

function isWrittenByStringify(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text.trimEnd();
  } catch {
    return false;
  }
}
