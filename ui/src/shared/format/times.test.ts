import { describe, expect, it } from "vitest";
import {
  formatAbsolute,
  formatAgo,
  formatClock,
  formatDay,
  formatRelative,
  formatShortClock,
  formatSoon,
  isSameDay,
} from "./times";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const ago = (milliseconds: number) => formatRelative(new Date(NOW - milliseconds).toISOString(), NOW);

describe("how long ago", () => {
  it("is told in the largest unit that has passed, never rounded up", () => {
    expect(ago(0)).toBe(relative.format(0, "second"));
    expect(ago(999)).toBe(relative.format(0, "second"));
    expect(ago(1000)).toBe(relative.format(-1, "second"));
    expect(ago(59_999)).toBe(relative.format(-59, "second"));
    expect(ago(60_000)).toBe(relative.format(-1, "minute"));
    expect(ago(3_599_999)).toBe(relative.format(-59, "minute"));
    expect(ago(7_200_000)).toBe(relative.format(-2, "hour"));
    expect(ago(86_400_000 * 6)).toBe(relative.format(-6, "day"));
    expect(ago(86_400_000 * 8)).toBe(relative.format(-1, "week"));
    expect(ago(86_400_000 * 40)).toBe(relative.format(-1, "month"));
    expect(ago(86_400_000 * 800)).toBe(relative.format(-2, "year"));
  });

  it("is told of the future as well", () => {
    expect(ago(-12_000)).toBe(relative.format(12, "second"));
    expect(ago(-90_000)).toBe(relative.format(1, "minute"));
  });
});

describe("a clock on the screen that is behind", () => {
  const in3s = new Date(NOW + 3000).toISOString();
  const before3s = new Date(NOW - 3000).toISOString();
  it("tells what has happened as now, not as to come", () => {
    expect(formatAgo(in3s, NOW)).toBe(relative.format(0, "second"));
    expect(formatAgo(before3s, NOW)).toBe(relative.format(-3, "second"));
  });

  it("tells what is planned as now, not as gone by", () => {
    expect(formatSoon(before3s, NOW)).toBe("now");
    expect(formatSoon(in3s, NOW)).toBe(relative.format(3, "second"));
  });
});

describe("a clock", () => {
  it("shows local time with milliseconds, in the hours of the locale", () => {
    const midnight = new Date(2026, 2, 10, 0, 0, 1, 204);
    expect(formatClock(midnight.toISOString())).toMatch(/^(00:00:01[.,]204|12:00:01[.,]204\sAM)$/);
    const afternoon = new Date(2026, 2, 10, 14, 2, 11, 7);
    expect(formatClock(afternoon.toISOString())).toMatch(/^(14:02:11[.,]007|02:02:11[.,]007\sPM)$/);
    expect(formatShortClock(afternoon.toISOString())).toMatch(/^(14:02|02:02\sPM)$/);
  });

  it("of the absolute time names day, seconds and zone", () => {
    const shown = formatAbsolute(new Date(2026, 2, 10, 14, 2, 11).toISOString());
    expect(shown).toContain("2026");
    expect(shown).toMatch(/0?2:02:11|14:02:11/);
  });
});

describe("a day", () => {
  it("has its year only where it is not this one", () => {
    expect(formatDay("2026-01-15T12:00:00Z", NOW)).not.toContain("2026");
    expect(formatDay("2025-01-15T12:00:00Z", NOW)).toContain("2025");
  });

  it("is the same by the local calendar", () => {
    const now = new Date(2026, 2, 10, 0, 0, 0).getTime();
    expect(isSameDay(new Date(2026, 2, 10, 23, 59, 59).toISOString(), now)).toBe(true);
    expect(isSameDay(new Date(2026, 2, 9, 23, 59, 59).toISOString(), now)).toBe(false);
  });
});
