import { describe, expect, it } from "vitest";
import {
  addTypes,
  chosenBy,
  groupState,
  groupTypes,
  isGroupLocked,
  isLocked,
  searchGroups,
  type TypeGroup,
  toggleGroup,
  toggleType,
} from "./groups";

const known = ["customer.updated", "customer.created", "customer.deleted", "coupon.created", "push"];

const group = (key: string): TypeGroup => {
  const found = groupTypes(known).find((each) => each.key === key);
  if (!found) throw new Error(`no group ${key}`);
  return found;
};

describe("groups of types", () => {
  it("types_are_grouped_by_the_part_before_the_dot_and_lone_ones_stand_alone", () => {
    expect(groupTypes(known)).toEqual([
      { key: "coupon.created", wildcard: null, types: ["coupon.created"] },
      {
        key: "customer.",
        wildcard: "customer.*",
        types: ["customer.created", "customer.deleted", "customer.updated"],
      },
      { key: "push", wildcard: null, types: ["push"] },
    ]);
    expect(groupTypes(["orders/create", "orders/paid"])[0]?.wildcard).toBe("orders/*");
    // `customer.*` does not match `customer`.
    expect(groupTypes(["customer", "customer.a", "customer.b"]).map(({ key }) => key)).toEqual([
      "customer",
      "customer.",
    ]);
  });

  it("a_search_leaves_the_types_that_hold_all_words", () => {
    const types = (query: string) => searchGroups(groupTypes(known), query).flatMap((each) => each.types);
    expect(types("CREATED")).toEqual(["coupon.created", "customer.created"]);
    expect(types("cust del")).toEqual(["customer.deleted"]);
    expect(types("nothing")).toEqual([]);
    expect(types(" ")).toHaveLength(known.length);
  });

  it("a_groups_box_becomes_its_wildcard_and_back_and_leaves_other_patterns", () => {
    const all = toggleGroup(["push", "customer.created"], group("customer."));
    expect(all).toEqual(["push", "customer.*"]);
    expect(groupState(all, group("customer.").types)).toBe("all");
    expect(toggleGroup(all, group("customer."))).toEqual(["push"]);
  });

  it("a_types_box_adds_and_takes_its_name", () => {
    const some = toggleType([], group("customer."), "customer.created");
    expect(some).toEqual(["customer.created"]);
    expect(groupState(some, group("customer.").types)).toBe("some");
    expect(toggleType(some, group("customer."), "customer.created")).toEqual([]);
  });

  it("taking_one_out_of_a_wildcard_leaves_the_names_of_the_others", () => {
    expect(toggleType(["customer.*", "push"], group("customer."), "customer.deleted")).toEqual([
      "push",
      "customer.created",
      "customer.updated",
    ]);
  });

  it("a_type_that_a_wider_pattern_chooses_is_locked_and_says_by_what", () => {
    const patterns = ["*.deleted"];
    expect(chosenBy(patterns, "customer.deleted")).toBe("*.deleted");
    expect(isLocked(patterns, group("customer."), "customer.deleted")).toBe(true);
    expect(toggleType(patterns, group("customer."), "customer.deleted")).toEqual(patterns);
    expect(isGroupLocked(patterns, group("customer."))).toBe(false);
    expect(isGroupLocked(["*"], group("customer."))).toBe(true);
    expect(toggleGroup(["*"], group("customer."))).toEqual(["*"]);
    // What the wider pattern still chooses is not named again.
    expect(toggleType(["customer.*", "*.deleted"], group("customer."), "customer.created")).toEqual([
      "*.deleted",
      "customer.updated",
    ]);
  });

  it("adding_types_leaves_out_what_is_chosen_already", () => {
    expect(addTypes(["customer.*"], ["customer.created", "push"])).toEqual(["customer.*", "push"]);
  });
});
