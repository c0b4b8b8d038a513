import { describe, expect, it } from "vitest";
import type { Status, SyncJob, TunnelStatus } from "../../api/schema";
import {
  CONNECTING,
  DEGRADED,
  NEARLY_USED,
  PUBLIC_URL,
  REFUSED,
  sampleTunnelStatus,
} from "../../test/tunnel";
import { reachability, receivingLight } from "./receiving";

const NOW = Date.parse("2026-03-10T12:00:00Z");

const OWN = sampleTunnelStatus("online", { kind: "own-url", publicUrl: "https://hooks.example.com" });

function status(more: { listening?: boolean; tunnel?: TunnelStatus } = {}): Status {
  const { listening = true, tunnel = OWN } = more;
  return { receiver: { url: "http://127.0.0.1:4400", listening }, tunnel } as Status;
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
      facts: [
        { tone: "ok", text: "2 sync jobs receive at https://hooks.example.com." },
        {
          tone: "ok",
          text: expect.stringMatching(
            /^Your own address is online at https:\/\/hooks\.example\.com, since 3.+ago\. A request came back in 38 ms\.$/,
          ),
        },
      ],
    });
    expect(textOf(light([job("a")]))).toContain("One sync job receives at https://hooks.example.com.");
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

  it("without a tunnel says that only this machine can send, what a tunnel is for, and where to get one", () => {
    const shown = light([job("a")], status({ tunnel: sampleTunnelStatus("off") }));
    expect(shown).toMatchObject({ tone: "ok", word: "Receiving on this machine only" });
    expect(textOf(shown)).toContain("receives at http://127.0.0.1:4400");
    expect(textOf(shown)).toContain("Only this machine can send");
    expect(textOf(shown)).toContain(
      "A provider must reach this machine from the internet; a tunnel gives it an address.",
    );
    expect(shown.facts.at(-1)).toMatchObject({ tone: "idle", settings: true });
  });

  it("is not green before the tunnel is proven: why, when it is tried again, and what to do are told", () => {
    const shown = light([job("a")], status({ tunnel: CONNECTING }));
    expect(shown).toMatchObject({ tone: "busy", word: "Tunnel connecting" });
    expect(textOf(shown)).toMatch(/ngrok cannot be reached: no route to host\. Trying again in 12 ?s/);
    expect(textOf(shown)).toContain("Check this machine's connection");
    // What does not get through receives at no public address.
    expect(textOf(shown)).toContain("receives at http://127.0.0.1:4400");
  });

  it("is amber while the public address does not lead here", () => {
    const shown = light([job("a")], status({ tunnel: DEGRADED }));
    expect(shown).toMatchObject({ tone: "wait", word: "Tunnel degraded" });
    expect(textOf(shown)).toContain(`${PUBLIC_URL} does not lead here. Something else answers`);
    expect(textOf(shown)).toContain("Check that it forwards to the receiver, paths included.");
    expect(shown.facts.at(-1)?.settings).toBe(true);
  });

  it("is red when the tunnel was refused, whatever else is wrong or missing, and leads to its settings", () => {
    for (const jobs of [[], [job("a", { enabled: false })], [job("a", { delivery: BLOCKED })]]) {
      const shown = light(jobs, status({ tunnel: REFUSED }));
      expect(shown).toMatchObject({ tone: "bad", word: "Tunnel refused" });
      expect(textOf(shown)).toContain("ngrok does not accept the authtoken (ERR_NGROK_107). Copy it anew");
      expect(shown.facts.find(({ tone, settings }) => tone === "bad" && settings)).toBeTruthy();
    }
  });

  it("tells as a fact that a plan is nearly used up, and stays green: it still receives", () => {
    const shown = light([job("a")], status({ tunnel: { ...OWN, usage: NEARLY_USED } }));
    expect(shown).toMatchObject({ tone: "ok", word: "Receiving" });
    expect(shown.facts.at(-1)).toMatchObject({ tone: "wait", text: NEARLY_USED.warning });
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
  const reached = (tunnel: TunnelStatus, listening = true) =>
    reachability(status({ tunnel, listening }), NOW);

  it("is by the proven public address, and how fast that was", () => {
    expect(reached(OWN)).toMatchObject({
      tone: "ok",
      word: "Tunnel online · 38 ms",
      url: "https://hooks.example.com",
      trouble: null,
    });
  });

  it("is from this machine only without a tunnel", () => {
    expect(reached(sampleTunnelStatus("off"))).toMatchObject({
      tone: "idle",
      word: "This machine only",
      url: "http://127.0.0.1:4400",
      trouble: null,
    });
  });

  it("says what is wrong in every state that is not well", () => {
    expect(reached(CONNECTING)).toMatchObject({ tone: "busy", word: "Tunnel connecting" });
    expect(reached(CONNECTING).trouble).toMatch(/no route to host\. Trying again in 12 ?s/);
    expect(reached(DEGRADED)).toMatchObject({ tone: "wait", word: "Tunnel degraded", url: PUBLIC_URL });
    expect(reached(DEGRADED).trouble).toContain("status 404.");
    expect(reached(REFUSED)).toMatchObject({ tone: "bad", word: "Tunnel refused" });
    expect(reached(REFUSED).words).toContain("Copy it anew from");
  });

  it("keeps the address of a link that is being made again", () => {
    expect(reached({ ...CONNECTING, publicUrl: PUBLIC_URL }).url).toBe(PUBLIC_URL);
  });

  it("warns of a plan that is nearly used up", () => {
    expect(reached({ ...OWN, usage: NEARLY_USED }).trouble).toBe(NEARLY_USED.warning);
  });

  it("is not at all when nothing listens, whatever the tunnel", () => {
    expect(reached(OWN, false)).toMatchObject({ tone: "bad", word: "Not receiving" });
  });
});
