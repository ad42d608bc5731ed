import type { ComponentChildren } from 'preact';
import type { DeliveryEntry, EntryDetail } from '../../inspector.api.js';
import { bytes, dateOf, duration } from '../ui/format.js';
import { CopyId, Text } from '../ui/text.js';

export function Facts({ delivery, detail }: { delivery: DeliveryEntry; detail: EntryDetail }) {
  return (
    <dl class="facts">
      <Fact name="Event">
        <CopyId of={delivery.eventId} label="event id" />
      </Fact>
      <Fact name="Delivery">
        <CopyId of={delivery.deliveryId} label="delivery id" />
      </Fact>
      <Fact name="Organization">
        <CopyId of={delivery.organizationId} label="organization id" />
      </Fact>
      <Fact name="Received">
        {dateOf(delivery.receivedAt)}
        {delivery.source === 'catch-up' && ', by catching up'}
      </Fact>
      <Fact name="Endpoint">
        <Text of={delivery.endpoint} />
      </Fact>
      <Fact name="Process">
        <Text of={delivery.process} class="mono" />
      </Fact>
      <Fact name="Scheme">
        <Text of={delivery.scheme} />
      </Fact>
      {detail.secret !== undefined && <Fact name="Secret">number {detail.secret + 1} of the list</Fact>}
      {detail.clockMs !== undefined && <Fact name="Sender’s clock">{signed(detail.clockMs)}</Fact>}
      {delivery.attempt !== undefined && <Fact name="Claimed">for the {ordinal(delivery.attempt)} time</Fact>}
      {detail.size !== undefined && <Fact name="Body">{bytes(detail.size)}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function signed(ms: number): string {
  return ms === 0 ? 'as ours' : `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'} ours`;
}

function ordinal(many: number): string {
  const rest = many % 100 > 10 && many % 100 < 14 ? 0 : many % 10;
  return `${many}${['th', 'st', 'nd', 'rd'][rest] ?? 'th'}`;
}
