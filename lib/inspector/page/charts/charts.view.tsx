import { useMemo } from 'preact/hooks';
import type { InspectorStats } from '../../inspector.api.js';
import { useFetched } from '../data/use-fetched.js';
import { refine } from '../route.js';
import { duration } from '../ui/format.js';
import { Empty, Loading, SendHint, Trouble } from '../ui/states.js';
import { last, Plot } from './plot.js';
import { answerSeries, rateSeries, shareSeries, totalOf } from './series.js';

const WINDOWS = { '15m': 'Last 15 minutes', '24h': 'Last 24 hours' } as const;

export function ChartsView({ query }: { query: { window?: string } }) {
  const window = query.window === '24h' ? '24h' : '15m';
  const { data, error, reload } = useFetched<InspectorStats>(
    'stats',
    { window },
    window === '15m' ? 3000 : 30_000,
  );
  return (
    <section class="charts" aria-label="Charts">
      <div class="groups" role="group" aria-label="Window">
        {(['15m', '24h'] as const).map((each) => (
          <button
            key={each}
            type="button"
            class="group"
            aria-pressed={each === window}
            onClick={() => refine({ window: each })}
          >
            {WINDOWS[each]}
          </button>
        ))}
      </div>
      {data ? <Charts stats={data} /> : error === undefined ? <Loading /> : null}
      {error !== undefined && <Trouble error={error} retry={reload} />}
    </section>
  );
}

function Charts({ stats }: { stats: InspectorStats }) {
  const { at, rate, answer, share } = useMemo(
    () => ({
      at: stats.at.map((ms) => ms / 1000),
      rate: rateSeries(stats),
      answer: answerSeries(stats),
      share: shareSeries(stats),
    }),
    [stats],
  );
  const all = totalOf(stats);
  if (all === 0) {
    return (
      <Empty title="Nothing came in this time">
        <SendHint />
      </Empty>
    );
  }
  const good = percent(totalOf(stats, ['handled', 'queued', 'duplicate']) / all);
  const [p50, p95, p99] = [stats.p50, stats.p95, stats.p99].map((values) => {
    const value = last(values);
    return value === undefined ? '–' : duration(value);
  });
  return (
    <>
      <dl class="tiles">
        <Tile name="Deliveries" value={all.toLocaleString('en')} />
        <Tile name="Answered 2xx" value={good} />
        <Tile name="p50, latest" value={p50} />
        <Tile name="p95, latest" value={p95} />
        <Tile name="p99, latest" value={p99} />
      </dl>
      <Plot
        title="Deliveries a second"
        at={at}
        series={rate}
        format={(value) => value.toLocaleString('en', { maximumFractionDigits: 2 })}
        summary={`${all.toLocaleString('en')} deliveries in this time`}
      />
      <Plot
        title="Time to the answer"
        at={at}
        series={answer}
        format={duration}
        summary={`latest p50 ${p50 ?? ''}, p95 ${p95 ?? ''}, p99 ${p99 ?? ''}`}
      />
      <Plot
        title="Share of outcomes"
        at={at}
        series={share}
        isStacked
        max={100}
        format={(value) => `${Math.round(value)} %`}
        summary={`${good} answered 2xx`}
      />
    </>
  );
}

function Tile({ name, value }: { name: string; value: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function percent(part: number): string {
  return `${(100 * part).toFixed(part === 1 ? 0 : 1)} %`;
}
