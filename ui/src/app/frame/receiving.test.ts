import { describe, expect, it } from "vitest";
import type { Status, SyncJob } from "../../api/schema";
import { reachability, receivingLight } from "./receiving";

const NOW = Date.parse("2026-03-10T12:00:00Z");

function status(more: { listening?: boolean; publicUrl?: string | null } = {}): Status {
  const { listening = true, publicUrl = "https://hooks.example.com" } = more;
  return {
    receiver: { url: "http://127.0.0.1:4400", listening },
    tunnel: { state: publicUrl ? "external" : "off", kind: publicUrl ? "own-url" : "none", publicUrl },
  } as Status;
}

const job = (name: string, more: Partial<SyncJob> = {}): SyncJob =>
  ({ id: name, name, enabled: true, delivery: { state: "running", inFlight: 0 }, ...more }) as SyncJob;

const WAITING: SyncJob["delivery"] = {
  state: "waitingForDestination",
  since: "2026-03-10T11:58:00Z",
  error: "connection refused at 127.0.0.1:27017",
  nextTryAt: "2026-03-10T12:00:10Z",
};
const BLOCKED: SyncJob["delivery"] = {
  state: "blocked",
  since: "2026-03-10T11:58:00Z",
  error: "not authorised on shop",
  hint: "Give the user the role readWrite.",
  nextTryAt: null,
};

const light = (jobs: SyncJob[] | undefined, given: Status | undefined = status(), connected = true) =>
  receivingLight(given, jobs, connected, NOW);
const textOf = (shown: ReturnType<typeof light>) => shown.facts.map((fact) => fact.text).join("\n");

describe("the light", () => {
  it("is green when every job receives and delivers, and says where", () => {
    const shown = light([job("a"), job("b")]);
    expect(shown).toEqual({
      tone: "ok",
      word: "Receiving",
      facts: [{ tone: "ok", text: "2 sync jobs receive at https://hooks.example.com." }],
    });
    expect(textOf(light([job("a")]))).toBe("One sync job receives at https://hooks.example.com.");
  });

  it("is red without the engine, whatever was last known, and says that the screen may be old", () => {
    const shown = light([job("a")], status(), false);
    expect(shown).toMatchObject({ tone: "bad", word: "Not connected" });
    expect(textOf(shown)).toContain("may be old");
  });

  it("claims nothing before it knows", () => {
    expect(light(undefined)).toMatchObject({ tone: "busy", word: "Looking" });
    expect(receivingLight(undefined, [], true, NOW)).toMatchObject({ tone: "busy", word: "Looking" });
  });

  it("says why it does not know", () => {
    const shown = receivingLight(undefined, [], true, NOW, new Error("the disk is broken"));
    expect(shown).toMatchObject({ tone: "bad", word: "Not known" });
    expect(textOf(shown)).toContain("The disk is broken.");
  });

  it("is red when nothing listens, and says where and what to do", () => {
    const shown = light([job("a")], status({ listening: false }));
    expect(shown).toMatchObject({ tone: "bad", word: "Not receiving" });
    expect(textOf(shown)).toContain("Nothing listens at http://127.0.0.1:4400");
    expect(textOf(shown)).toContain("Restart Hookline");
  });

  it("is not green without a job: there is nothing that could receive", () => {
    const shown = light([]);
    expect(shown).toMatchObject({ tone: "idle", word: "No sync job" });
    expect(textOf(shown)).toContain("add one");
  });

  it("is not green when all are paused, and says what providers get", () => {
    const shown = light([job("a", { enabled: false })]);
    expect(shown).toMatchObject({ tone: "idle", word: "Paused" });
    expect(textOf(shown)).toContain("403");
  });

  it("tells how many are paused beside those that receive", () => {
    const shown = light([job("a"), job("b", { enabled: false }), job("c", { enabled: false })]);
    expect(shown).toMatchObject({ tone: "ok", word: "Receiving" });
    expect(textOf(shown)).toContain("One sync job receives");
    expect(textOf(shown)).toContain("2 jobs are paused.");
  });

  it("says that only this machine can send when there is no public address", () => {
    const shown = light([job("a")], status({ publicUrl: null }));
    expect(shown).toMatchObject({ tone: "ok", word: "Receiving" });
    expect(textOf(shown)).toContain("receives at http://127.0.0.1:4400");
    expect(textOf(shown)).toContain("Only this machine can send");
  });

  it("waits with the job's name, since when, why, and that nothing is lost", () => {
    const shown = light([job("a"), job("Stripe → Shop", { delivery: WAITING })]);
    expect(shown).toMatchObject({ tone: "wait", word: "Receiving, delivery waits" });
    expect(textOf(shown)).toMatch(
      /Stripe → Shop waits for its destination since .+: connection refused at 127\.0\.0\.1:27017\. Events are kept/,
    );
  });

  it("is red when a delivery is blocked, even where another one waits, and says what to do", () => {
    const shown = light([job("a", { delivery: WAITING }), job("b", { delivery: BLOCKED })]);
    expect(shown).toMatchObject({ tone: "bad", word: "Receiving, delivery blocked" });
    expect(textOf(shown)).toContain(
      "b is blocked: not authorised on shop. Give the user the role readWrite.",
    );
  });

  it("says nothing of the delivery of a paused job", () => {
    const shown = light([job("a"), job("b", { enabled: false, delivery: BLOCKED })]);
    expect(shown.word).toBe("Receiving");
    expect(textOf(shown)).not.toContain("blocked");
  });
});

describe("how the receiver is reached", () => {
  it("is by its public address where there is one", () => {
    expect(reachability(status())).toEqual({
      tone: "ok",
      word: "Public address",
      url: "https://hooks.example.com",
    });
  });

  it("is from this machine only without one", () => {
    expect(reachability(status({ publicUrl: null }))).toEqual({
      tone: "idle",
      word: "Reachable from this machine only",
      url: "http://127.0.0.1:4400",
    });
  });

  it("is not at all when nothing listens, whatever the public address", () => {
    expect(reachability(status({ listening: false }))).toMatchObject({ tone: "bad", word: "Not receiving" });
  });
});
