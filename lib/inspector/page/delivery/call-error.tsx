import type { DeliveryAnswer } from '../../inspector.api.js';
import { Text } from '../ui/text.js';
import { LongText } from './long-text.js';

/** Open for the last attempt of a handler: those before it mostly say the same. */
export function CallError({ call, detail, isLast }: DeliveryAnswer['calls'][number] & { isLast: boolean }) {
  return (
    <details class="error" open={isLast}>
      <summary>
        <Text of={`${call.handler} · attempt ${call.attempt}`} />{' '}
        <Text of={[call.error?.name, call.error?.code].filter(Boolean).join(' · ')} class="muted" />
      </summary>
      {detail.error && (
        <LongText of={detail.error} label={`Error of ${call.handler}, attempt ${call.attempt}`} />
      )}
    </details>
  );
}
