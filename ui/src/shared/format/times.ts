/** Times in the user's locale and time zone. The API's times are RFC 3339 in UTC. */

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** Whether times of day are written with AM and PM, which takes more room. */
export const hasDayPeriods = clock.resolvedOptions().hour12 === true;

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["week", 604_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** `3 min. ago`, `in 12 s`, `now`. */
export function formatRelative(time: string, now: number): string {
  const difference = Date.parse(time) - now;
  for (const [unit, size] of STEPS) {
    if (Math.abs(difference) >= size) return relative.format(Math.trunc(difference / size), unit);
  }
  return relative.format(0, "second");
}

/** Of what has happened: never in the future, as the clock on the screen may be a few seconds behind. */
export const formatAgo = (time: string, now: number): string =>
  formatRelative(time, Math.max(now, Date.parse(time)));

/** Of what is planned: never in the past, for the same reason. */
export const formatSoon = (time: string, now: number): string =>
  Date.parse(time) <= now ? "now" : formatRelative(time, now);

/** Date, time and zone: what stands in tooltips. */
export const formatAbsolute = (time: string): string => absolute.format(new Date(time));

/** `14:02:11.204`. */
export const formatClock = (time: string): string => clock.format(new Date(time));

/** `14:02:11`. */
export const formatSeconds = (time: string): string => seconds.format(new Date(time));

/** `14:02`. */
export const formatShortClock = (time: string): string => shortClock.format(new Date(time));

/** The day: `today` is left out by callers that know better; the year only where it is not this one. */
export function formatDay(time: string, now: number): string {
  const date = new Date(time);
  return (date.getFullYear() === new Date(now).getFullYear() ? day : dayAndYear).format(date);
}

/** Whether two times lie on one local day. */
export function isSameDay(time: string, now: number): boolean {
  return new Date(time).toDateString() === new Date(now).toDateString();
}
