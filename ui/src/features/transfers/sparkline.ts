/** The shape and the words of a sparkline. */
import { formatCount, plural } from "../../shared/format/numbers";

/**
 * One bar per value as a single path in a box of `width` × `height`. A value of zero has no bar; any other is at least a
 * pixel high, so that one request among thousands is seen.
 */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  const highest = Math.max(0, ...values);
  if (highest === 0) return "";
  const step = width / values.length;
  // A gap between bars as long as there is room for one.
  const bar = step >= 2 ? step - 0.5 : step;
  let path = "";
  values.forEach((value, index) => {
    if (value <= 0) return;
    const tall = Math.max(1, (value / highest) * height);
    path += `M${round(index * step)} ${height}v${round(-tall)}h${round(bar)}v${round(tall)}z`;
  });
  return path;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** What the sparkline says: "31 requests in the last hour, 2 failed". Rejected requests are no events, but requests. */
export function sparklineWords(values: readonly number[], failed: number, rejected: number): string {
  const sum = values.reduce((total, value) => total + value, rejected);
  const parts = [`${sum === 0 ? "No requests" : plural(sum, "request")} in the last hour`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  if (rejected > 0) parts.push(`${formatCount(rejected)} rejected`);
  return parts.join(", ");
}
