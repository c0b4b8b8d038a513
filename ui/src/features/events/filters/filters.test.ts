import { describe, expect, it } from "vitest";
import { narrowed } from "./OptionList";
import { localOf, timeWords, utcOf } from "./TimeFilter";
import { patterns, typeOptions } from "./types";

describe("the types to filter by", () => {
  const providers = [
    { kind: "stripe", label: "Stripe", knownTypes: ["customer.created", "customer.updated", "ping"] },
    { kind: "close", label: "Close", knownTypes: ["lead.created"] },
  ];
  const sources = [
    { id: "s1", kind: "stripe" },
    { id: "s2", kind: "close" },
  ];

  it("are those of the providers that jobs use, with a pattern for each family", () => {
    expect(typeOptions([{ sourceId: "s1" }], sources, providers, []).map((option) => option.value)).toEqual([
      "customer.*",
      "customer.created",
      "customer.updated",
      "ping",
    ]);
  });

  it("have what was chosen freely in front, so that it can be taken away", () => {
    const options = typeOptions([{ sourceId: "s2" }], sources, providers, ["lead.*", "lead.created"]);
    expect(options.map(({ value, group }) => [value, group])).toEqual([
      ["lead.*", "Chosen"],
      ["lead.created", "Close"],
    ]);
  });

  it("form a family only when there are several", () => {
    expect(patterns(["a.b", "a.c", "d.e", "f"])).toEqual(["a.*"]);
  });

  it("are narrowed by words in any order", () => {
    const options = ["customer.created", "customer.updated"].map((value) => ({ value, label: value }));
    expect(narrowed(options, "upd CUST").map((option) => option.value)).toEqual(["customer.updated"]);
  });
});

describe("a time", () => {
  it("goes to the field and back", () => {
    const time = "2026-03-04T05:06:00.000Z";
    expect(utcOf(localOf(time))).toBe(time);
    expect(localOf(undefined)).toBe("");
    expect(utcOf("")).toBeUndefined();
  });

  it("is said on the chip", () => {
    const now = Date.parse("2026-03-04T12:00:00Z");
    expect(timeWords({ range: "24h" }, now)).toBe("Last 24 h");
    expect(timeWords({}, now)).toBeUndefined();
    expect(
      timeWords({ from: new Date(2026, 2, 4, 5, 6).toISOString() }, new Date(2026, 2, 4, 12).getTime()),
    ).toMatch(/^from 05:06( AM)?$/);
    expect(
      timeWords({ to: new Date(2026, 1, 3, 5, 6).toISOString() }, new Date(2026, 2, 4, 12).getTime()),
    ).toMatch(/^until .*3.* 05:06( AM)?$/);
  });
});
