import { expect, it } from "vitest";
import { parseActivitySearch } from "../activity/search";
import { parseJobSearch } from "./search";

it("an address of a job is read, and what it cannot mean is left out", () => {
  expect(parseJobSearch({ tab: "executions", range: "30d", why: true })).toEqual({
    tab: "executions",
    range: "30d",
    why: true,
  });
  expect(parseJobSearch({ tab: "overview", range: "24h", why: "yes", other: 1 })).toEqual({});
  expect(parseJobSearch({ tab: "nonsense", range: 7 })).toEqual({});
});

it("an address of the activity is read, and what it cannot mean is left out", () => {
  expect(parseActivitySearch({ job: "job_a", failed: true })).toEqual({ job: "job_a", failed: true });
  expect(parseActivitySearch({ job: 42, failed: false })).toEqual({ job: "42" });
  expect(parseActivitySearch({ job: "", failed: "no" })).toEqual({});
});
