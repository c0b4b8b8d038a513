import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/client";
import { setPlatformForTests } from "../../platform";
import { destinationless, job, mongodb, paths, refused, source } from "../../test/jobFixtures";
import { type Answers, fakeHost } from "../../test/render";
import { genericDefaults } from "./generic/spec";
import { createJob, fieldOf, type SaveError, type Step, saveJob } from "./save";
import {
  blankDestination,
  destinationChanges,
  type JobValues,
  jobChanges,
  jobValues,
  newJobValues,
  sourceChanges,
} from "./values";

const values: JobValues = {
  ...newJobValues(destinationless, "stripe"),
  destination: { ...blankDestination("mongodb"), uri: "mongodb://u:p@h/shop" },
};

function host(answers: Answers) {
  const made = fakeHost(answers);
  setPlatformForTests(made);
  return made;
}

const creates: Answers = {
  [`POST ${paths.sources}`]: [201, source],
  [`POST ${paths.destinations}`]: [201, mongodb],
  [`POST ${paths.jobs}`]: [201, job],
};

describe("saving a new job", () => {
  it("source_destination_and_job_are_made_in_this_order_and_name_one_another", async () => {
    const fake = host(creates);
    expect((await createJob(values)).id).toBe("job_1");
    expect(fake.requests).toEqual([
      `POST ${paths.sources}`,
      `POST ${paths.destinations}`,
      `POST ${paths.jobs}`,
    ]);
    expect(fake.bodies).toEqual([
      { kind: "stripe" },
      { kind: "mongodb", uri: "mongodb://u:p@h/shop" },
      {
        type: "webhook",
        sourceId: "src_1",
        destinationId: "dst_1",
        webhookConfig: {
          eventTypes: [],
          deletes: "hard",
          batchSize: 500,
          batchWaitMs: 200,
          retentionDays: 30,
          archive: null,
          signatureToleranceSeconds: null,
        },
      },
    ]);
  });

  it("what_exists_is_used_and_not_made", async () => {
    const fake = host(creates);
    await createJob({ ...values, sourceId: "src_1", destinationId: "dst_1", collectionPrefix: "x_" });
    expect(fake.requests).toEqual([`POST ${paths.jobs}`]);
    expect(fake.bodies[0]).toMatchObject({ collectionPrefix: "x_" });
  });

  it("a_failure_says_at_which_step_and_what_was_made_before_is_told", async () => {
    host({ ...creates, [`POST ${paths.destinations}`]: refused(422, { message: "no", field: "uri" }) });
    const made: string[] = [];
    const error: SaveError = await createJob(values, {
      source: ({ id }) => made.push(id),
      destination: ({ id }) => made.push(id),
    }).then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(made).toEqual(["src_1"]);
    expect(error.step).toBe("destination");
    expect(fieldOf(error)).toBe("destination.uri");
  });

  it("a_generic_source_is_sent_with_its_description", async () => {
    const fake = host(creates);
    const generic = { ...genericDefaults, header: "X-Acme" };
    await createJob({ ...values, source: { ...values.source, kind: "generic", generic, apiKey: "key" } });
    expect(fake.bodies[0]).toMatchObject({
      kind: "generic",
      apiKey: "key",
      generic: { header: "X-Acme", mode: "hmac", signedContent: "{body}" },
    });
  });
});

describe("saving a job that exists", () => {
  const before = jobValues(job, source, mongodb);

  it("nothing_is_sent_when_nothing_changed", async () => {
    const fake = host({});
    await saveJob("job_1", before, before);
    expect(fake.requests).toEqual([]);
  });

  it("only_what_changed_is_sent", async () => {
    const fake = host({ [`PATCH ${paths.job}`]: job });
    await saveJob(
      "job_1",
      { ...before, scope: "some", eventTypes: ["customer.*"], batchSize: 500, retentionDays: 7 },
      before,
    );
    expect(fake.requests).toEqual([`PATCH ${paths.job}`]);
    expect(fake.bodies).toEqual([{ webhookConfig: { eventTypes: ["customer.*"], retentionDays: 7 } }]);
  });

  it("source_and_destination_are_changed_before_the_job", async () => {
    const fake = host({
      [`PATCH ${paths.source}`]: source,
      [`PATCH ${paths.destination}`]: mongodb,
      [`PATCH ${paths.job}`]: job,
    });
    await saveJob(
      "job_1",
      {
        ...before,
        name: "Other",
        source: { ...before.source, apiKey: "sk_2" },
        destination: { ...before.destination, uri: "mongodb://new/analytics" },
      },
      before,
    );
    expect(fake.requests).toEqual([
      `PATCH ${paths.source}`,
      `PATCH ${paths.destination}`,
      `PATCH ${paths.job}`,
    ]);
    expect(fake.bodies).toEqual([{ apiKey: "sk_2" }, { uri: "mongodb://new/analytics" }, { name: "Other" }]);
  });

  it("another_destination_is_made_and_then_named", async () => {
    const fake = host({
      [`POST ${paths.destinations}`]: [201, { ...mongodb, id: "dst_2" }],
      [`PATCH ${paths.job}`]: job,
    });
    await saveJob("job_1", { ...before, destinationId: "", destination: blankDestination("local") }, before);
    expect(fake.bodies).toEqual([{ kind: "local" }, { destinationId: "dst_2" }]);
  });

  it("changes_are_told_apart_from_what_stays", () => {
    expect(sourceChanges(before.source, before.source)).toBeNull();
    expect(sourceChanges({ ...before.source, forgetApiKey: true }, before.source)).toEqual({ apiKey: null });
    expect(destinationChanges({ ...before.destination, name: "B" }, before.destination)).toEqual({
      name: "B",
    });
    expect(destinationChanges({ ...before.destination, database: "" }, before.destination)).toBeNull();
    const tolerance = { ...before, signatureToleranceSeconds: 0 };
    expect(jobChanges(tolerance, before, "src_1", "dst_1")).toEqual({
      webhookConfig: { signatureToleranceSeconds: 0 },
    });
    expect(jobChanges(before, tolerance, "src_1", "dst_1")).toEqual({
      webhookConfig: { signatureToleranceSeconds: null },
    });
  });
});

describe("the field that an error is about", () => {
  const at = (step: Step, field: string, message = "no") =>
    fieldOf(
      Object.assign(new Error(message), {
        step,
        cause: new ApiError(422, { code: "invalid_request", message, field }),
      }) as SaveError,
    );

  it("the_engines_names_become_the_forms", () => {
    expect(at("job", "webhookConfig.batchSize")).toBe("batchSize");
    expect(at("job", "webhookConfig.eventTypes[3]")).toBe("eventTypes");
    expect(at("job", "collectionPrefix")).toBe("collectionPrefix");
    expect(at("job", "webhookConfig.archive")).toBe("archive");
    expect(at("job", "webhookConfig.archive.days")).toBe("archiveDays");
    expect(at("source", "apiKey")).toBe("source.apiKey");
    expect(at("source", "generic", "described wrongly: `signedContent`: x")).toBe(
      "source.generic.signedContent",
    );
    expect(at("source", "generic", "it is missing")).toBeNull();
    expect(at("destination", "database")).toBe("destination.database");
  });
});
