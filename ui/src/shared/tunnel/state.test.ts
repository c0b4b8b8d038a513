import { describe, expect, it } from "vitest";
import { CONNECTING, DEGRADED, PUBLIC_URL, REFUSED, sampleTunnelStatus } from "../../test/tunnel";
import { nextAttempt, TUNNEL_MEANINGS, TUNNEL_STATES, tunnelWords, whyTunnel } from "./state";

const NOW = Date.parse("2026-03-10T12:00:00Z");

describe("the tunnel in words", () => {
  it("tells address, since when, and how fast a request came back", () => {
    const words = tunnelWords(sampleTunnelStatus("online"), NOW);
    expect(words).toMatch(
      /^ngrok is online at https:\/\/me\.ngrok-free\.dev, since 3.+ A request came back in 38 ms\.$/,
    );
  });

  it("tells why it does not work, what comes next, and what to do, each as a sentence", () => {
    expect(tunnelWords(CONNECTING, NOW)).toMatch(
      /^ngrok is being connected: webhooks do not get through yet\. ngrok cannot be reached: no route to host\. Trying again in 12 ?s\. Check this machine's connection/,
    );
    expect(tunnelWords({ ...CONNECTING, publicUrl: PUBLIC_URL }, NOW)).toContain(
      `connected at ${PUBLIC_URL}:`,
    );
    expect(tunnelWords(DEGRADED, NOW)).toContain("status 404. Check that it forwards to the receiver");
    expect(tunnelWords(REFUSED, NOW)).toMatch(
      /^ngrok was refused: webhooks do not get through\. ngrok does not/,
    );
  });

  it("has nothing to add to a state without trouble", () => {
    expect(tunnelWords(sampleTunnelStatus("off"), NOW)).toBe(
      "Only this machine can send webhooks here: there is no tunnel.",
    );
  });

  it("does not speak of an attempt in the past", () => {
    expect(nextAttempt("2026-03-10T11:59:59Z", NOW)).toBe("Trying again now.");
    expect(nextAttempt(null, NOW)).toBeNull();
  });

  it("knows what each state means", () => {
    expect([...TUNNEL_STATES].sort()).toEqual(Object.keys(TUNNEL_MEANINGS).sort());
  });

  it("says what a tunnel is for, whoever sends", () => {
    expect(whyTunnel("Stripe")).toMatch(/^Stripe must reach this machine/);
    expect(whyTunnel("the sender")).toMatch(/^The sender must reach/);
  });
});
