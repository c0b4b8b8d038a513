import { describe, expectTypeOf, it } from "vitest";
import type { Change as Heard } from "../platform";
import type { Change } from "./schema";

describe("a change", () => {
  it("is the same whichever way it comes", () => {
    expectTypeOf<Heard>().toEqualTypeOf<Change>();
  });
});
