import { describe, expect, it } from "vitest";
import { countMatches, describeMatches, matches, wants } from "./patterns";

describe("patterns", () => {
  // The engine's own cases (event/patterns.rs).
  it.each([
    ["*", "invoice.paid", true],
    ["invoice.paid", "invoice.paid", true],
    ["invoice.paid", "invoice.paid2", false],
    ["customer.*", "customer.subscription.updated", true],
    ["customer.*", "customer", false],
    ["customer.*", "customers.created", false],
    ["*.deleted", "customer.subscription.deleted", true],
    ["*.deleted", "deleted", false],
    ["customer.*.deleted", "customer.tax_id.deleted", true],
    ["customer.*.deleted", "customer.deleted", false],
    ["a*b*b", "ab", false],
    ["a**b", "axb", true],
    ["", "", true],
  ])("%s on %s is %s", (pattern, type, expected) => {
    expect(matches(pattern, type)).toBe(expected);
  });

  it("no_patterns_want_everything", () => {
    expect(wants([], "anything")).toBe(true);
    expect(wants(["a.*"], "b.c")).toBe(false);
  });

  it("what_a_pattern_matches_is_counted_among_the_known_types", () => {
    const known = ["customer.created", "customer.deleted", "invoice.paid"];
    expect(countMatches("customer.*", known)).toBe(2);
    expect(describeMatches("customer.*", known, "Stripe")).toBe("customer.* matches 2 of 3 known types.");
    expect(describeMatches("custmer.*", known, "Stripe")).toContain(
      "0 of 3 known types. It is kept, but check",
    );
    expect(describeMatches("x.*", [], "Another sender")).toContain("has no list of types");
  });
});
