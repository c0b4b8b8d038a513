import { describe, expect, it } from "vitest";
import {
  ENDPOINT_URL,
  NO_ADDRESS,
  NO_KEY,
  sampleEndpoint,
  sampleManaged,
  TURNED_OFF,
} from "../../test/endpoint";
import {
  endpointSentence,
  endpointState,
  factsLine,
  isSupported,
  mendWords,
  noAddressWords,
  otherObstacle,
  typesWords,
} from "./words";

const says = (managed: ReturnType<typeof sampleManaged>) =>
  endpointSentence(sampleEndpoint(managed), managed);
const trouble = { code: "provider_refused", message: "no", hint: null, since: "", retrying: false };
const more = [{ kind: "eventTypes" as const, message: "It sends more.", harmful: false }];

describe("an endpoint in words", () => {
  it("tells id, how many types, and the mode", () => {
    expect(factsLine(sampleManaged())).toBe("endpoint we_1, 2 event types, test mode");
    expect(factsLine(sampleManaged({ eventTypes: ["*"], mode: null }))).toBe(
      "endpoint we_1, all event types",
    );
    expect(typesWords(["a"])).toBe("1 event type");
  });

  it("says whether the provider sends to the job", () => {
    expect(says(sampleManaged())).toBe("Stripe sends to this job: endpoint we_1, 2 event types, test mode.");
    expect(says(sampleManaged({ status: "disabled" }))).toMatch(
      /^Stripe does not send to this job at present/,
    );
    expect(says(sampleManaged({ status: "missing" }))).toMatch(/is not there any more\.$/);
    expect(says(sampleManaged({ status: "creating" }))).toBe("The endpoint at Stripe is being set up.");
    expect(says(sampleManaged({ status: "creating", trouble }))).toMatch(/not set up yet/);
    const url = [{ kind: "url" as const, message: "", harmful: true }];
    expect(says(sampleManaged({ drift: url }))).toMatch(/is not as it should be/);
  });

  it("has a tone for each state, and sending too much is no harm", () => {
    expect(endpointState(sampleManaged())).toEqual({ tone: "ok", word: "Sends" });
    expect(endpointState(sampleManaged({ status: "disabled", drift: TURNED_OFF })).tone).toBe("bad");
    expect(endpointState(sampleManaged({ status: "paused" })).word).toBe("Paused by the provider");
    expect(endpointState(sampleManaged({ status: "creating" })).tone).toBe("busy");
    expect(endpointState(sampleManaged({ status: "creating", trouble })).tone).toBe("wait");
    expect(endpointState(sampleManaged({ trouble })).tone).toBe("wait");
    expect(endpointState(sampleManaged({ drift: more }))).toEqual({
      tone: "ok",
      word: "Sends more than is wanted",
    });
    const secret = [{ kind: "secretUnknown" as const, message: "", harmful: true }];
    expect(endpointState(sampleManaged({ drift: secret }))).toEqual({ tone: "bad", word: "Not in line" });
  });

  it("says what mending does: change it, or make it anew", () => {
    const of = (kind: "disabled" | "missing" | "secretUnknown") =>
      mendWords(sampleManaged({ drift: [{ kind, message: "", harmful: true }] }), "Stripe");
    expect(of("disabled")).toMatch(/^Changes the endpoint/);
    expect(of("missing")).toMatch(/^Makes a new endpoint at Stripe\. Its secret/);
    expect(of("secretUnknown")).toMatch(/removes this one/);
  });
});

describe("what is in the way", () => {
  it("is told where something can be done about it", () => {
    expect(noAddressWords(sampleEndpoint())).toBeNull();
    expect(noAddressWords(sampleEndpoint(null, { wantedUrl: null, obstacle: NO_KEY }))).toBe(
      "There is no public address yet that Stripe could send to.",
    );
    expect(noAddressWords(sampleEndpoint(null, { wantedUrl: null, obstacle: NO_ADDRESS }))).toBe(
      "There is no public address yet that Stripe could send to.",
    );
    const message =
      "providers send to addresses that begin with https:// only, and the public one is http://h/";
    expect(
      noAddressWords(sampleEndpoint(null, { wantedUrl: null, obstacle: { ...NO_ADDRESS, message } })),
    ).toMatch(/^Providers send to addresses .+ http:\/\/h\/\.$/);
  });

  it("is an obstacle of its own where neither key nor address are missing", () => {
    expect(otherObstacle(sampleEndpoint(null, { obstacle: NO_KEY }))).toBeNull();
    expect(otherObstacle(sampleEndpoint(null, { obstacle: NO_ADDRESS }))).toBeNull();
    const obstacle = { code: "conflict" as const, message: "none can be selected" };
    expect(otherObstacle(sampleEndpoint(null, { obstacle }))).toBe(obstacle);
  });

  it("a provider without such an API is not offered", () => {
    expect(isSupported(sampleEndpoint())).toBe(true);
    const obstacle = { code: "endpoint_unsupported" as const, message: "no API" };
    expect(isSupported(sampleEndpoint(null, { obstacle, wantedUrl: ENDPOINT_URL }))).toBe(false);
  });
});
