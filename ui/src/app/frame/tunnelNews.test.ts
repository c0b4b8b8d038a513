import { describe, expect, it } from "vitest";
import type { TunnelStatus } from "../../api/schema";
import { sampleTunnelStatus } from "../../test/tunnel";
import { newsOf, type Seen } from "./tunnelNews";

/** What is told of these states, each with the second since which it is so. */
function told(...states: [TunnelStatus["state"], number][]): string[] {
  let seen: Seen | null = null;
  const all: string[] = [];
  for (const [state, second] of states) {
    const since = new Date(Date.UTC(2026, 2, 10, 12, 0, second)).toISOString();
    const result = newsOf(seen, sampleTunnelStatus(state, { since }));
    seen = result.seen;
    if (result.news) all.push(`${result.news.kind} ${second}`);
  }
  return all;
}

describe("what is told of the tunnel", () => {
  it("is a refusal, once", () => {
    expect(told(["off", 0], ["connecting", 1], ["refused", 2], ["refused", 2])).toEqual(["refused 2"]);
  });

  it("is that it is online again after it did not work for a while", () => {
    expect(told(["online", 0], ["connecting", 10], ["connecting", 10], ["online", 30])).toEqual(["again 30"]);
    expect(told(["online", 0], ["degraded", 10], ["connecting", 15], ["online", 25])).toEqual(["again 25"]);
    expect(told(["refused", 0], ["connecting", 20], ["online", 21])).toEqual(["again 21"]);
  });

  it("is nothing of a link that was back at once", () => {
    expect(told(["online", 0], ["connecting", 10], ["online", 12])).toEqual([]);
  });

  it("is nothing of what somebody does by choice", () => {
    expect(told(["off", 0], ["connecting", 30], ["online", 60], ["off", 90])).toEqual([]);
    expect(told(["online", 0], ["connecting", 10], ["off", 15], ["connecting", 60], ["online", 80])).toEqual(
      [],
    );
  });

  it("is nothing of how it was when the window was opened", () => {
    expect(told(["refused", 0])).toEqual([]);
    expect(told(["online", 0])).toEqual([]);
    expect(told(["connecting", 0], ["online", 40])).toEqual([]);
  });
});
