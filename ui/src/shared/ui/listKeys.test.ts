import { describe, expect, it } from "vitest";
import { indexAfterKey } from "./listKeys";

describe("a key in a list", () => {
  it("leads one line on or back, by arrows and by letters", () => {
    expect(indexAfterKey("ArrowDown", 3, 10, 5)).toBe(4);
    expect(indexAfterKey("j", 3, 10, 5)).toBe(4);
    expect(indexAfterKey("ArrowUp", 3, 10, 5)).toBe(2);
    expect(indexAfterKey("k", 3, 10, 5)).toBe(2);
  });

  it("leads a page on or back, and to both ends", () => {
    expect(indexAfterKey("PageDown", 3, 100, 5)).toBe(8);
    expect(indexAfterKey("PageUp", 8, 100, 5)).toBe(3);
    expect(indexAfterKey("Home", 50, 100, 5)).toBe(0);
    expect(indexAfterKey("End", 50, 100, 5)).toBe(99);
  });

  it("never leads out of the list", () => {
    expect(indexAfterKey("ArrowDown", 9, 10, 5)).toBe(9);
    expect(indexAfterKey("ArrowUp", 0, 10, 5)).toBe(0);
    expect(indexAfterKey("PageDown", 8, 10, 5)).toBe(9);
    expect(indexAfterKey("PageUp", 2, 10, 5)).toBe(0);
  });

  it("begins at the near end when no line is selected", () => {
    expect(indexAfterKey("ArrowDown", -1, 10, 5)).toBe(0);
    expect(indexAfterKey("ArrowUp", -1, 10, 5)).toBe(9);
  });

  it("leads nowhere in an empty list, nor when it is another key", () => {
    expect(indexAfterKey("ArrowDown", -1, 0, 5)).toBeUndefined();
    expect(indexAfterKey("x", 3, 10, 5)).toBeUndefined();
  });
});
