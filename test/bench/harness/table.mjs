import { spread } from './statistics.mjs';

/** A table in Markdown, which a terminal shows as well. */
export function table(head, rows) {
  const lines = [head, ...rows].map((cells) => cells.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => pad(cell, widths[column], column)).join(' | ')} |`;
  const rule = widths.map(
    (width, column) => '-'.repeat(column === 0 ? width : width - 1) + (column === 0 ? '' : ':'),
  );
  return [line(lines[0]), line(rule), ...lines.slice(1).map(line)].join('\n');
}

function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** `median (min–max)` */
export function figure(values, digits = 2) {
  const { median, min, max } = spread(values);
  const text = (value) => value.toFixed(digits);
  return values.length === 1 ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}

/** The same in thousands. */
export function thousands(values, digits = 1) {
  return figure(
    values.map((value) => value / 1_000),
    digits,
  );
}
