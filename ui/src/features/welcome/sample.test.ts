import { describe, expect, it } from "vitest";
import { setPlatformForTests } from "../../platform";
import { job, paths, source } from "../../test/jobFixtures";
import { type Answers, fakeHost } from "../../test/render";
import { runSample, SAMPLE_NAME, SAMPLE_TYPES, type SampleProgress } from "./sample";

const local = { id: "dst_local", kind: "local", name: "Local documents" };
const sent = { ok: true, url: job.webhookUrl, status: 200, durationMs: 2, duplicate: false };

const empty: Answers = {
  [`GET ${paths.jobs}`]: { syncJobs: [] },
  [`GET ${paths.sources}`]: { sources: [] },
  [`GET ${paths.destinations}`]: { destinations: [] },
  [`POST ${paths.sources}`]: [201, source],
  [`POST ${paths.destinations}`]: [201, local],
  [`POST ${paths.jobs}`]: [201, { ...job, name: SAMPLE_NAME }],
};

function run(answers: Answers) {
  let count = 0;
  const host = fakeHost({
    [`POST ${paths.test}`]: () => ({ ...sent, eventId: String(++count) }),
    ...answers,
  });
  setPlatformForTests(host);
  const progress: SampleProgress[] = [];
  return { host, progress, result: runSample((step) => progress.push(step)) };
}

const writes = (requests: readonly string[]) => requests.filter((request) => !request.startsWith("GET"));

describe("trying with sample events", () => {
  it("a_first_run_makes_source_destination_and_job_and_sends_one_of_each_type", async () => {
    const { host, progress, result } = run(empty);
    expect(await result).toEqual({ jobId: "job_1", firstEventId: "1" });
    expect(writes(host.requests).slice(0, 3)).toEqual([
      `POST ${paths.sources}`,
      `POST ${paths.destinations}`,
      `POST ${paths.jobs}`,
    ]);
    expect(host.bodies.slice(0, 3)).toEqual([
      { kind: "stripe" },
      { kind: "local" },
      { type: "webhook", name: SAMPLE_NAME, sourceId: "src_1", destinationId: "dst_local" },
    ]);
    expect(host.bodies.slice(3)).toEqual(SAMPLE_TYPES.map((eventType) => ({ eventType })));
    expect(progress[0]).toEqual({ step: "preparing" });
    expect(progress.slice(1).map((each) => each.step === "sending" && each.type)).toEqual([...SAMPLE_TYPES]);
    expect(new Set(SAMPLE_TYPES).size).toBe(12);
  });

  it("a_second_run_uses_the_same_job", async () => {
    const { host, result } = run({
      ...empty,
      [`GET ${paths.jobs}`]: { syncJobs: [{ ...job, name: SAMPLE_NAME }] },
    });
    await result;
    expect(writes(host.requests)).toEqual(SAMPLE_TYPES.map(() => `POST ${paths.test}`));
  });

  it("a_paused_sample_job_is_resumed", async () => {
    const paused = { ...job, name: SAMPLE_NAME, enabled: false };
    const { host, result } = run({
      ...empty,
      [`GET ${paths.jobs}`]: { syncJobs: [paused] },
      [`PATCH ${paths.job}`]: { ...paused, enabled: true },
    });
    await result;
    expect(host.bodies[0]).toEqual({ enabled: true });
  });

  it("sources_and_destinations_that_are_there_are_used", async () => {
    const { host, result } = run({
      ...empty,
      [`GET ${paths.sources}`]: { sources: [source] },
      [`GET ${paths.destinations}`]: { destinations: [local] },
    });
    await result;
    expect(writes(host.requests)[0]).toBe(`POST ${paths.jobs}`);
  });

  it("a_webhook_that_was_not_taken_ends_it_in_words", async () => {
    const { host, result } = run({
      ...empty,
      [`POST ${paths.test}`]: {
        ...sent,
        ok: false,
        status: null,
        error: { code: "receiver_unreachable", message: "connection refused", hint: "Restart Hookline." },
      },
    });
    await expect(result).rejects.toMatchObject({
      message: expect.stringContaining("product.created was sent to"),
      hint: "Restart Hookline.",
    });
    expect(host.requests.filter((request) => request.endsWith("/test"))).toHaveLength(1);
  });
});
