/** Three digits that mean something. */
export function formatMs(ms: number): string {
  return ms >= 100 ? String(Math.round(ms)) : String(Number(ms.toPrecision(3)));
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
