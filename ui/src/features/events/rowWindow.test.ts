import { describe, expect, it } from "vitest";
import { COLUMNS, tracksOf, visibleColumns } from "./columns";
import { paneWidth } from "./PaneSplit";
import { ROW_HEIGHT, rowWindow, visibleRows } from "./rowWindow";

describe("the rows that are drawn", () => {
  it("are those on the screen and some beyond, however long the list is", () => {
    const window = rowWindow(500_000 * ROW_HEIGHT, 700, 1_000_000);
    expect(window.start).toBeLessThan(500_000);
    expect(window.end).toBeGreaterThan(500_025);
    expect(window.end - window.start).toBeLessThan(70);
  });

  it("never leave the list", () => {
    expect(rowWindow(0, 700, 5)).toEqual({ start: 0, end: 5 });
    expect(rowWindow(0, 700, 0)).toEqual({ start: 0, end: 0 });
    expect(rowWindow(10_000, 700, 20).end).toBe(20);
  });

  it("stay the same while less than a few rows are scrolled", () => {
    expect(rowWindow(100 * ROW_HEIGHT, 700, 1000)).toEqual(rowWindow(100 * ROW_HEIGHT + 20, 700, 1000));
  });

  it("cover every row that can be seen", () => {
    for (let top = 0; top < 4000; top += 13) {
      const { first, last } = visibleRows(top, 700, 1000);
      const { start, end } = rowWindow(top, 700, 1000);
      expect(start <= first && last < end).toBe(true);
    }
  });
});

describe("the columns", () => {
  it("are all there where there is room", () => {
    expect(visibleColumns(1200, [])).toEqual(COLUMNS);
  });

  it("give way where there is not: time, type and status stay", () => {
    expect(visibleColumns(392, []).map((column) => column.id)).toEqual(["time", "type", "status"]);
  });

  it("can be hidden, but for those that a list is nothing without", () => {
    const shown = visibleColumns(1200, ["size", "time", "type"]);
    expect(shown.map((column) => column.id)).toEqual(["time", "type", "object", "job", "status", "attempts"]);
    expect(tracksOf(shown).split(/ (?![^(]*\))/)).toHaveLength(7);
  });
});

describe("the pane", () => {
  it("has the width that was chosen as long as the list keeps its own", () => {
    expect(paneWidth(520, 1280)).toBe(520);
    expect(paneWidth(900, 1000)).toBe(608);
    expect(paneWidth(100, 1000)).toBe(340);
  });
});
