import { describe, expect, it } from "vitest";
import { formatBytes, formatCompact, formatCount, formatDuration, formatShare, plural } from "./numbers";

// The numbers are written in the locale of the machine that tests; what is compared is written the same way.
const locale = (value: number, options?: Intl.NumberFormatOptions) =>
  new Intl.NumberFormat(undefined, options).format(value);

describe("counts", () => {
  it("have separators", () => {
    expect(formatCount(0)).toBe("0");
    expect(formatCount(1_234_567)).toBe(locale(1_234_567));
  });

  it("are exact up to five digits and short beyond", () => {
    expect(formatCompact(9_999)).toBe(locale(9_999));
    const short = { notation: "compact", maximumFractionDigits: 1 } as const;
    expect(formatCompact(10_000)).toBe(locale(10_000, short));
    expect(formatCompact(1_234_567)).toBe(locale(1_234_567, short));
    expect(formatCompact(1_234_567).length).toBeLessThan(6);
  });

  it("are one or many", () => {
    expect(plural(1, "event")).toBe("1 event");
    expect(plural(0, "event")).toBe("0 events");
    expect(plural(2, "library", "libraries")).toBe("2 libraries");
    expect(plural(12_000, "event")).toBe(`${locale(12_000)} events`);
  });
});

describe("shares", () => {
  const percent = (value: number) => locale(value, { style: "percent", maximumFractionDigits: 1 });

  it("have one digit after the point", () => {
    expect(formatShare(0.995)).toBe(percent(0.995));
    expect(formatShare(0.5)).toBe(percent(0.5));
  });

  it("are all or nothing only when they are", () => {
    expect(formatShare(1)).toBe(percent(1));
    expect(formatShare(0)).toBe(percent(0));
    expect(formatShare(0.99999)).toBe(`> ${percent(0.999)}`);
    expect(formatShare(0.00001)).toBe(`< ${percent(0.001)}`);
  });
});

describe("sizes", () => {
  it("take the unit that keeps them below a thousand", () => {
    expect(formatBytes(0)).toBe("0 B");
    expect(formatBytes(999)).toBe("999 B");
    expect(formatBytes(1000)).toBe("1 KB");
    expect(formatBytes(3400)).toBe(`${locale(3.4)} KB`);
    expect(formatBytes(5_242_880)).toBe(`${locale(5.2)} MB`);
    expect(formatBytes(7_000_000_000)).toBe("7 GB");
    expect(formatBytes(5e15)).toBe(`${locale(5000)} TB`);
  });

  it("are never written as a thousand of the smaller unit", () => {
    expect(formatBytes(999_949)).toBe(`${locale(999.9)} KB`);
    expect(formatBytes(999_960)).toBe("1 MB");
  });
});

describe("durations", () => {
  it("take the largest unit that they fill", () => {
    expect(formatDuration(0)).toBe("0 ms");
    expect(formatDuration(0.42)).toBe(`${locale(0.4)} ms`);
    expect(formatDuration(120.4)).toBe("120 ms");
    expect(formatDuration(3200)).toBe(`${locale(3.2)} s`);
    expect(formatDuration(240_000)).toBe("4 min");
    expect(formatDuration(7_200_000)).toBe("2 h");
    expect(formatDuration(259_200_000)).toBe("3 d");
  });

  it("that round up to the next unit are written in it", () => {
    expect(formatDuration(999.4)).toBe("999 ms");
    expect(formatDuration(999.6)).toBe("1 s");
    expect(formatDuration(59_990)).toBe("1 min");
    expect(formatDuration(3_599_000)).toBe("1 h");
    expect(formatDuration(86_399_000)).toBe("1 d");
  });
});
