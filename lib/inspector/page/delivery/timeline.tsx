import type { CallEntry, DeliveryEntry } from '../../inspector.api.js';
import { duration } from '../ui/format.js';
import { Text } from '../ui/text.js';
import { type Bar, type Track, tracksOf } from './timeline.bars.js';

const STAGES: Readonly<Record<CallEntry['stage'], string>> = {
  running: 'running',
  completed: 'done',
  failed: 'failed',
  given_up: 'gave up',
};

export function Timeline({ delivery, calls }: { delivery: DeliveryEntry; calls: readonly CallEntry[] }) {
  return (
    <div class="timeline">
      {tracksOf(delivery, calls, Date.now()).map((each) => (
        <TimelineTrack key={each.title} track={each} home={delivery.process} />
      ))}
    </div>
  );
}

function TimelineTrack({ track, home }: { track: Track; home: string }) {
  return (
    <section class="track" aria-label={track.title}>
      <header>
        <h3>{track.title}</h3>
        <span class="muted">
          {track.from !== 0 && `from ${offset(track.from)} `}to {offset(track.to)}
        </span>
      </header>
      <ol>
        {track.bars.map((bar, index) => (
          <li key={index} class="bar-row">
            <span class="bar-label">
              <Text of={bar.label} />
              {bar.call && <span class={`calls is-${bar.call.stage}`}>{STAGES[bar.call.stage]}</span>}
              {bar.call && bar.call.process !== home && (
                <span class="muted">
                  in <Text of={bar.call.process} />
                </span>
              )}
            </span>
            <span class="bar-place" aria-hidden="true">
              <span class={`bar is-${bar.kind}`} style={place(bar, track)} />
            </span>
            <span class="bar-time">
              {bar.kind === 'answer' ? duration(bar.to) : duration(bar.to - bar.from)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function offset(ms: number): string {
  return ms < 0 ? `${duration(-ms)} before` : duration(ms);
}

function place(bar: Bar, { from, to }: Track): Record<string, string> {
  const percent = (ms: number) => `${((ms / (to - from)) * 100).toFixed(3)}%`;
  return { left: percent(bar.from - from), width: percent(bar.to - bar.from) };
}
