import { describe, expect, it } from "vitest";
import { eventFilter, isFiltered, parseEventSearch, readOpen, toggled, withoutFilters } from "./search";

describe("the address of a list", () => {
  it("is read whole", () => {
    const search = {
      q: "ada",
      status: ["failed", "pending"],
      type: ["customer.*"],
      job: "job1",
      object: "cus_1",
      range: "24h",
      order: "asc",
      open: "job1/17",
    };
    expect(parseEventSearch(search)).toEqual(search);
  });

  it("leaves out what cannot be read, so that a mangled link shows a list", () => {
    expect(
      parseEventSearch({
        q: "  ",
        status: ["failed", "exploded", 3],
        type: "",
        range: "fortnight",
        from: "yesterday",
        order: "sideways",
        other: 1,
      }),
    ).toEqual({ status: ["failed"] });
  });

  it("takes one status or type for a list of one, and digits for words", () => {
    expect(parseEventSearch({ q: 4242, status: "failed", type: "invoice.paid" })).toEqual({
      q: "4242",
      status: ["failed"],
      type: ["invoice.paid"],
    });
  });

  it("has a range or exact times, never both", () => {
    const from = "2026-01-01T00:00:00.000Z";
    expect(parseEventSearch({ range: "1h", from })).toEqual({ range: "1h" });
    expect(parseEventSearch({ from })).toEqual({ from });
  });

  it("becomes what the API is asked for", () => {
    const now = Date.UTC(2026, 0, 2);
    expect(eventFilter({ range: "24h", q: " ada ", job: "job1", object: "cus_1", open: "a/1" }, now)).toEqual(
      {
        q: "ada",
        jobId: "job1",
        objectId: "cus_1",
        from: "2026-01-01T00:00:00.000Z",
      },
    );
    expect(eventFilter({}, now)).toEqual({});
  });

  it("keeps order and open event when the filters are taken away", () => {
    expect(withoutFilters({ q: "a", status: ["failed"], order: "asc", open: "j/1" })).toEqual({
      order: "asc",
      open: "j/1",
    });
    expect(isFiltered({ order: "asc", open: "j/1" })).toBe(false);
    expect(isFiltered({ object: "cus_1" })).toBe(true);
  });

  it("names the open event", () => {
    expect(readOpen("job1/17")).toEqual({ jobId: "job1", eventId: "17" });
    for (const other of [undefined, "", "job1", "job1/", "/17", "a/b/c"])
      expect(readOpen(other)).toBeUndefined();
  });
});

describe("a list in the address", () => {
  it("gains and loses entries, and goes when it is empty", () => {
    expect(toggled(undefined, "a")).toEqual(["a"]);
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled(["a"], "a")).toBeUndefined();
  });
});
