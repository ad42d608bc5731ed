import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { useMedia } from '../ui/use-media.js';

export interface PlotSeries {
  readonly label: string;
  /** A custom property of the page's style. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** What the legend says, where it is not the height that is drawn. */
  readonly told?: readonly (number | null)[];
}

export function last(values: readonly (number | null)[]): number | undefined {
  return values.filter((value) => value !== null).at(-1);
}

interface PlotProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly series: readonly PlotSeries[];
  /** Bars on top of each other: the values are sums already, the largest first. */
  readonly isStacked?: boolean;
  readonly format: (value: number) => string;
  /** Says what the picture shows. */
  readonly summary: string;
  readonly max?: number;
}

/** A line needs two of them: what stands between gaps is a dot. */
const ALONE: uPlot.Series.Points = {
  size: 6,
  filter: (plot, series) => {
    const values = plot.data[series] ?? [];
    const isThere = (index: number) => typeof values[index] === 'number';
    return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
  },
};

const bars = uPlot.paths.bars?.({ size: [1, Infinity], gap: 0 });

const HEIGHT = 190;
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

export function Plot({ title, at, series, isStacked = false, format, summary, max }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const isDark = useMedia('(prefers-color-scheme: dark)');
  const latest = useRef(series);
  latest.current = series;
  const data = [at, ...series.map(({ values }) => values)] as uPlot.AlignedData;

  useEffect(() => {
    const element = place.current;
    if (!element) {
      return;
    }
    const color = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const axis = {
      stroke: color('--muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [10, 12, 0, 0],
        cursor: { y: false, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, top) => [0, max ?? Math.max(top * 1.1, 1)] } },
        axes: [
          {
            ...axis,
            space: 70,
            size: 32,
            values: (_, splits) => splits.map((second) => clock.format(second * 1000)),
          },
          { ...axis, size: 64, values: (_, splits) => splits.map(format) },
        ],
        series: [
          {
            label: 'Time',
            value: (_, second: number | null) => (second === null ? 'latest' : clock.format(second * 1000)),
          },
          ...series.map(({ label, color: name }) => ({
            label,
            stroke: color(name),
            width: isStacked ? 0 : 2,
            ...(isStacked
              ? { fill: color(name), ...(bars && { paths: bars }), points: { show: false } }
              : { points: ALONE }),
            value: (_: uPlot, __: unknown, index: number, bucket: number | null) => {
              const { told, values } = latest.current[index - 1] ?? { values: [] };
              const value = bucket === null ? last(told ?? values) : (told ?? values)[bucket];
              return typeof value === 'number' ? format(value) : '–';
            },
          })),
        ],
      },
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [isDark, series.map(({ label }) => label).join()]);

  useEffect(() => plot.current?.setData(data), [at, series]);

  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${summary}`} class="plot-place" />
    </figure>
  );
}
