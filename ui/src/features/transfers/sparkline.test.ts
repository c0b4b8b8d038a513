import { describe, expect, it } from "vitest";
import { sparklinePath, sparklineWords } from "./sparkline";

describe("a sparkline", () => {
  it("has a bar as high as the box for the greatest value and none for zero", () => {
    expect(sparklinePath([0, 2, 4, 0], 16, 20)).toBe("M4 20v-10h3.5v10zM8 20v-20h3.5v20z");
  });

  it("is empty when nothing happened", () => {
    expect(sparklinePath([0, 0, 0], 30, 20)).toBe("");
    expect(sparklinePath([], 30, 20)).toBe("");
  });

  it("shows one request among thousands", () => {
    expect(sparklinePath([1, 5000], 8, 20)).toContain("M0 20v-1h");
  });

  it("leaves no gaps where bars are too thin for them", () => {
    expect(sparklinePath(Array<number>(60).fill(1), 60, 20)).toContain("h1v20z");
  });

  it("says its sum, and what went wrong", () => {
    expect(sparklineWords([10, 20, 1], 0, 0)).toBe("31 requests in the last hour");
    expect(sparklineWords([1], 2, 3)).toBe("4 requests in the last hour, 2 failed, 3 rejected");
    expect(sparklineWords([0, 0], 0, 0)).toBe("No requests in the last hour");
  });
});
