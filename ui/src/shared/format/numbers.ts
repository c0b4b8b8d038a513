/** Numbers, sizes and durations in the user's locale. */

const count = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** `12,345`. */
export const formatCount = (value: number): string => count.format(value);

/** `12.3K`, for places where the exact number is in a tooltip. */
export const formatCompact = (value: number): string =>
  value < 10_000 ? count.format(value) : compact.format(value);

/** A share from 0 to 1 as `99.5%`. 0.99999 is not `100%`: that would hide a failure. */
export function formatShare(share: number): string {
  if (share > 0.999 && share < 1) return `> ${percent.format(0.999)}`;
  if (share > 0 && share < 0.001) return `< ${percent.format(0.001)}`;
  return percent.format(share);
}

/** Bytes as `3.4 KB` (1 KB = 1,000 bytes, as providers count). */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? count.format(value) : oneDigit.format(value)} ${units[unit]}`;
}

/** Milliseconds as `0.4 ms`, `120 ms`, `3.2 s`, `4 min`, `2 h`, `3 d`. */
export function formatDuration(milliseconds: number): string {
  for (const [size, unit, shown] of UNITS) {
    // What would be written as 60 s is 1 min.
    if (Math.round(milliseconds / shown) * shown >= size)
      return `${oneDigit.format(milliseconds / size)} ${unit}`;
  }
  return `${milliseconds < 10 ? oneDigit.format(milliseconds) : count.format(Math.round(milliseconds))} ms`;
}

/** Of each unit: its milliseconds, its name, and the smallest difference that the unit below it shows. */
const UNITS: [size: number, unit: string, shown: number][] = [
  [86_400_000, "d", 360_000],
  [3_600_000, "h", 6000],
  [60_000, "min", 100],
  [1000, "s", 1],
];

/** `1 event`, `2 events`: English plurals of regular words, or with the plural given. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count.format(value)} ${value === 1 ? one : many}`;
}
