import type { InspectorState } from '../inspector.api.js';
import { useFetched } from './data/use-fetched.js';
import { Text } from './ui/text.js';

/** Why the page may show less than there is. */
export function LogTrouble() {
  const { data } = useFetched<InspectorState>('state', {}, 15_000);
  return data?.trouble === undefined ? null : (
    <p class="log-trouble" role="status">
      Deliveries of other processes may be missing: <Text of={data.trouble} />
    </p>
  );
}
