import { describe, expect, it } from "vitest";
import { choices, destinationless, job, mongodb, source } from "../../test/jobFixtures";
import {
  databaseProblem,
  nameProblem,
  numberProblem,
  patternsProblem,
  prefixProblem,
  secretProblem,
  uriProblem,
  urlProblem,
  validateJob,
} from "./validate";
import { blankDestination, type JobValues, jobValues, newJobValues } from "./values";

const fresh = (changes: Partial<JobValues>): JobValues => ({
  ...newJobValues(destinationless, "stripe"),
  ...changes,
});

describe("the form's rules", () => {
  it("a_new_job_needs_a_connection_string_with_a_database_and_nothing_else", () => {
    expect(validateJob(fresh({}), null)).toEqual({ "destination.uri": "The URI is empty." });
    const uri = (text: string, database = "") =>
      validateJob(fresh({ destination: { ...blankDestination("mongodb"), uri: text, database } }), null);
    expect(uri("mongodb://h/shop")).toEqual({});
    expect(uri("mongodb://u:p@h1,h2/shop?replicaSet=rs0")).toEqual({});
    expect(uri("mongodb://h", "shop")).toEqual({});
    expect(uri("mongodb://h")["destination.database"]).toContain("Name the database");
    expect(uri("mongodb://h/admin")["destination.database"]).toContain("MongoDB uses itself");
    expect(validateJob(fresh({ destination: blankDestination("local") }), null)).toEqual({});
  });

  it("an_existing_destination_keeps_its_address_when_none_is_given", () => {
    const before = jobValues(job, source, mongodb);
    expect(validateJob(before, before)).toEqual({});
    const changed = { ...before, destination: { ...before.destination, uri: "mongo://h" } };
    expect(validateJob(changed, before)["destination.uri"]).toContain("begins with mongodb://");
    expect(validateJob({ ...before, name: "" }, before).name).toBe("Give it a name.");
  });

  it("what_is_chosen_from_a_list_is_not_looked_at", () => {
    const values = {
      ...newJobValues(choices, "stripe"),
      destination: { ...blankDestination("mongodb"), uri: "x" },
    };
    expect(values).toMatchObject({ sourceId: "src_1", destinationId: "dst_1" });
    expect(validateJob(values, null)).toEqual({});
  });

  it("numbers_have_the_engines_ranges", () => {
    const wrong = { batchSize: 2001, batchWaitMs: 60_001, retentionDays: 0, signatureToleranceSeconds: -1 };
    expect(
      Object.keys(validateJob(fresh({ destination: blankDestination("local"), ...wrong }), null)),
    ).toEqual(Object.keys(wrong));
    const range = { min: 0, max: 60_000 };
    expect(numberProblem(0, range)).toBeNull();
    expect(numberProblem(60_000, range)).toBeNull();
    for (const bad of [1.5, "", " ", "abc", -1])
      expect(numberProblem(bad, range)).toContain("from 0 to 60,000");
  });

  it("only_chosen_types_means_at_least_one", () => {
    expect(patternsProblem([])).toContain("at least one");
    expect(patternsProblem(["customer.*"])).toBeNull();
    expect(patternsProblem([" "])).toContain("empty");
    expect(patternsProblem(["x".repeat(201)])).toContain("200 characters");
    expect(patternsProblem(Array.from({ length: 501 }, (_, index) => `t${index}`))).toContain("At most 500");
    expect(validateJob(fresh({ scope: "all", destination: blankDestination("local") }), null)).toEqual({});
  });

  it("names_prefixes_and_databases_have_the_engines_limits", () => {
    for (const good of ["a", "Stripe live", "Ünï 🎣", "🎣".repeat(200)])
      expect(nameProblem(good, true)).toBeNull();
    for (const bad of ["", " x", "a\nb", "x".repeat(201)]) expect(nameProblem(bad, true)).not.toBeNull();
    expect(nameProblem("", false)).toBeNull();
    for (const good of ["", "stripe_", "a-b", "X9"]) expect(prefixProblem(good)).toBeNull();
    for (const bad of ["a.b", "$x", "a b", "é", "x".repeat(65), "_hookline_x"]) {
      expect(prefixProblem(bad)).not.toBeNull();
    }
    for (const bad of ["a.b", "x".repeat(64), "local", "config"]) expect(databaseProblem(bad)).not.toBeNull();
  });

  it("white_space_in_addresses_and_keys_is_told_without_repeating_them", () => {
    expect(secretProblem("sk_hidden ", "The API key")).toBe(
      "The API key has white space around it, probably from copying; leave it away.",
    );
    expect(secretProblem("a b", "The API key")).toContain("in it");
    expect(secretProblem("x".repeat(4097), "The API key")).toContain("4096");
    expect(uriProblem("mongodb://h /x")).toContain("white space");
    for (const bad of ["ftp://h/", "http://h/#x", "h", "http://", "http://h/ x", ""]) {
      expect(urlProblem(bad)).not.toBeNull();
    }
    expect(urlProblem("https://example.com/hook?key=1")).toBeNull();
  });
});
