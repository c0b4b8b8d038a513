import { describe, expect, it } from "vitest";
import type { Attempt } from "../../api/schema";
import { steps } from "./attempts";
import { bodyNotes, encodingWords, hexDump, wireBytes } from "./body";
import { editableText, withNewId } from "./editing";
import { exportName, exportText } from "./exportFile";
import { deliveredWords, lagWords, payloadFacts } from "./facts";
import { noOperationWords } from "./operation";
import { ageWords, isTooOldToSendAgain, matchWords } from "./signature";
import { story } from "./story";
import { PAYLOAD, testEvent } from "./testEvent";

const NOW = Date.parse("2024-11-24T08:01:00Z");

const failed = (number: number, over: Partial<Attempt> = {}): Attempt => ({
  number,
  at: "2024-11-24T08:00:10Z",
  executionId: null,
  status: "failed",
  error: "the server answered 500 Internal Server Error",
  answer: null,
  ...over,
});

describe("the attempts", () => {
  it("begin with the receipt and end with the newest", () => {
    expect(steps(testEvent(), undefined, NOW).map(({ title, word }) => `${title}: ${word}`)).toEqual([
      "Received: Stored",
      "Attempt 1: Applied",
    ]);
  });

  it("tell errors, answers and what comes next", () => {
    const answer = { status: 500, headers: [], body: "oops", bodyTruncated: false, durationMs: 12 };
    const event = testEvent({
      status: "failed",
      attempts: 2,
      history: [failed(1, { error: "connection refused" }), failed(2, { answer })],
      nextAttemptAt: "2024-11-24T08:01:12Z",
    });
    const [, first, second, next] = steps(event, undefined, NOW);
    expect(first).toMatchObject({ tone: "bad", word: "Failed", text: "connection refused" });
    expect(second).toMatchObject({ durationMs: 12, answer: { body: "oops" } });
    expect(next).toMatchObject({ title: "Attempt 3", word: "Planned", text: "It is tried again in 12s." });
  });

  it("say that a planned attempt is due when its time has come", () => {
    const event = testEvent({
      status: "failed",
      history: [failed(1)],
      nextAttemptAt: "2024-11-24T08:00:59Z",
    });
    expect(steps(event, undefined, NOW).at(-1)?.text).toBe("It is due now.");
  });

  it("say what is waited for", () => {
    const event = testEvent({ status: "pending", history: [], attempts: 0 });
    const waiting = {
      state: "waitingForDestination",
      error: "connection refused at 127.0.0.1:27017",
      nextTryAt: "2024-11-24T08:01:12Z",
    } as never;
    expect(steps(event, waiting, NOW).at(-1)?.text).toBe(
      "The destination does not answer: connection refused at 127.0.0.1:27017. Trying again in 12s.",
    );
    expect(steps(testEvent({ status: "processing" }), undefined, NOW).at(-1)?.word).toBe("Running now");
  });

  it("end at the receipt where a request was refused", () => {
    const event = testEvent({ status: "rejected", history: [], error: "the signature does not match" });
    expect(steps(event, undefined, NOW)).toEqual([
      expect.objectContaining({ tone: "bad", word: "Rejected", text: "the signature does not match" }),
    ]);
  });
});

describe("the story", () => {
  it("says where the event went, and how long it took", () => {
    expect(story(testEvent(), "Analytics")).toMatch(/and written to customers in Analytics 300 ms later\.$/);
    const deletion = testEvent({
      operations: [{ kind: "delete", collection: "customers", documentId: "cus_1" }],
      attempts: 3,
    });
    expect(story(deletion, "Analytics")).toMatch(
      /and its document deleted from customers in Analytics 300 ms later, after 3 attempts\.$/,
    );
  });

  it("says that it failed, and whether that is the end", () => {
    const event = testEvent({ status: "failed", attempts: 8, history: [failed(8)] });
    expect(story(event, "My server")).toMatch(/but not applied to My server: 8 attempts failed\.$/);
    expect(story({ ...event, nextAttemptAt: "2024-11-24T09:00:00Z" }, "My server")).toMatch(
      /It is tried again by itself\.$/,
    );
  });

  it("says that nothing was changed, and why", () => {
    expect(story(testEvent({ status: "skipped", reason: "stale" }), "Analytics")).toMatch(
      /nothing was changed in Analytics\. The destination already holds a newer state/,
    );
  });
});

describe("the signature", () => {
  const { signature } = testEvent();

  it("tells its age against what is allowed", () => {
    expect(ageWords(signature)).toBe("Signed 1 s before receipt; up to 5 min is allowed.");
    expect(ageWords({ ...signature, ageSeconds: 3600 })).toBe(
      "Signed 1 h before receipt; more than the 5 min that is allowed.",
    );
    expect(ageWords({ ...signature, ageSeconds: -60 })).toMatch(
      /after receipt: one of the two clocks is wrong/,
    );
    expect(ageWords({ ...signature, ageSeconds: null })).toMatch(/signs no time/);
    expect(ageWords({ ...signature, toleranceSeconds: null })).toBe("Signed 1 s before receipt.");
  });

  it("tells whether the secret of today fits", () => {
    expect(matchWords(signature)).toMatch(/^Yes/);
    expect(matchWords({ ...signature, matchesNow: false })).toMatch(/secret was replaced/);
    expect(matchWords({ ...signature, matchesNow: false, status: "refused" })).toMatch(/another secret/);
    expect(matchWords({ ...signature, matchesNow: true, status: "refused" })).toMatch(/changed since/);
    expect(matchWords({ ...signature, matchesNow: null })).toMatch(/cannot be checked/);
  });

  it("tells when the same request would be refused for its age", () => {
    const signedAt = Date.parse("2024-11-24T07:59:59Z");
    expect(isTooOldToSendAgain(signature, signedAt + 300_000)).toBe(false);
    expect(isTooOldToSendAgain(signature, signedAt + 301_000)).toBe(true);
    expect(isTooOldToSendAgain({ ...signature, toleranceSeconds: null }, signedAt + 1e9)).toBe(false);
  });
});

describe("the facts", () => {
  it("are read from the payload or the headers", () => {
    expect(payloadFacts(testEvent())).toEqual({ mode: "live", apiVersion: "2024-11-20" });
    expect(payloadFacts(testEvent({ rawBody: '{"meta":{"test_mode":true}}' }))).toEqual({ mode: "test" });
    const shopify = testEvent({
      rawBody: "{}",
      headers: [
        ["X-Shopify-Test", "true"],
        ["x-shopify-api-version", "2024-10"],
      ],
    });
    expect(payloadFacts(shopify)).toEqual({ mode: "test", apiVersion: "2024-10" });
    for (const rawBody of [null, "no JSON", "null", "3"]) {
      expect(payloadFacts(testEvent({ rawBody, headers: [] }))).toEqual({});
    }
  });

  it("tell the lag, and clocks that disagree", () => {
    expect(lagWords(testEvent())).toBe("1.4 s after it happened");
    expect(lagWords(testEvent({ occurredAt: "2024-11-24T08:00:01Z" }))).toBe(
      "1 s before it happened, by the provider's clock",
    );
    expect(lagWords(testEvent({ occurredAt: null }))).toBeUndefined();
  });

  it("count deliveries", () => {
    expect([0, 1, 2].map(deliveredWords)).toEqual(["once", "2 times", "3 times"]);
  });

  it("tell why no document is changed", () => {
    expect(noOperationWords(testEvent({ status: "rejected" }))).toMatch(/refused at receipt/);
    expect(noOperationWords(testEvent({ status: "skipped", reason: "filtered" }))).toMatch(/does not select/);
    expect(noOperationWords(testEvent({ status: "skipped", error: "it has no id" }))).toBe(
      "The event changes no document: it has no id.",
    );
  });
});

describe("the body", () => {
  it("is the bytes of the wire", () => {
    expect(new TextDecoder().decode(wireBytes(testEvent({ rawBody: "é" })))).toBe("é");
    expect([...wireBytes(testEvent({ rawBody: null, rawBodyBase64: "//4A" }))]).toEqual([0xff, 0xfe, 0]);
  });

  it("says what was done to it", () => {
    const packed = testEvent({ rawBodyBase64: "H4s=", headers: [["Content-Encoding", "gzip"]] });
    expect(encodingWords(packed)).toBe("gzip");
    expect(bodyNotes(packed)).toEqual([
      "The body came as gzip; the payload shows it unpacked, the raw view as it came.",
    ]);
    expect(bodyNotes(testEvent({ bodyTruncated: true }))).toHaveLength(1);
    expect(bodyNotes(testEvent())).toEqual([]);
    expect(encodingWords(testEvent({ rawBody: null, rawBodyBase64: "//4=" }))).toBe("binary");
  });

  it("is dumped with place, bytes and characters", () => {
    expect(hexDump(new TextEncoder().encode('{"id":"evt_1é"}\n'))).toBe(
      [
        '00000000  7b 22 69 64 22 3a 22 65 76 74 5f 31 c3 a9 22 7d  {"id":"evt_1.."}',
        "00000010  0a                                               .",
      ].join("\n"),
    );
  });
});

describe("editing", () => {
  it("gives the payload another id where the id stands, and nowhere else", () => {
    const source = '{"note":"evt_1 and more","id":"evt_1","n":1.0}';
    const next = withNewId(source, "evt_1", () => 0.5);
    expect(next?.id).toMatch(/^evt_1_edit_[0-9a-z]{6}$/);
    expect(next?.text).toBe(`{\n  "note": "evt_1 and more",\n  "id": "${next?.id}",\n  "n": 1.0\n}`);
    const again = withNewId(next?.text ?? "", next?.id ?? "", () => 0.25);
    expect(again?.id).toMatch(/^evt_1_edit_[0-9a-z]{6}$/);
    expect(again?.id).not.toBe(next?.id);
  });

  it("leaves a payload alone that has no id in it", () => {
    expect(withNewId('{"a":1}', "evt_1")).toBeUndefined();
    expect(withNewId("no JSON", "evt_1")).toBeUndefined();
    expect(withNewId('{"a":""}', "")).toBeUndefined();
  });

  it("begins with the payload formatted and otherwise unchanged", () => {
    expect(editableText({ rawBody: '{"n":1.0}' })).toBe('{\n  "n": 1.0\n}');
    expect(editableText({ rawBody: "a=b" })).toBe("a=b");
  });
});

describe("the export", () => {
  it("holds the body as the exact text", () => {
    const file = JSON.parse(exportText(testEvent(), new Date("2024-11-24T09:00:00Z")));
    expect(file).toMatchObject({
      exportedAt: "2024-11-24T09:00:00.000Z",
      event: { providerEventId: "evt_1", status: "completed" },
      request: {
        method: "POST",
        body: PAYLOAD,
        headers: [["content-type", "application/json"], expect.anything()],
      },
    });
    expect(file.event.rawBody).toBeUndefined();
  });

  it("has a name that every file system takes", () => {
    expect(exportName(testEvent())).toBe("customer.updated-evt_1.json");
    expect(exportName({ type: "Push Hook", providerEventId: "a/../b:c", id: "7" })).toBe(
      "Push_Hook-a_.._b_c.json",
    );
    expect(exportName({ type: "", providerEventId: "", id: "7" })).toBe("7.json");
  });
});
