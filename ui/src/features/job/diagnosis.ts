/** The findings of a diagnosis as they are shown. */
import type { Check, FindingState } from "../../api/schema";
import type { Tone } from "../../shared/ui/Status";

export const FINDING_TONES: Record<FindingState, Tone> = { ok: "ok", warning: "wait", problem: "bad" };

/** What was looked at. */
export const CHECK_WORDS: Record<Check, string> = {
  receiver: "Receiver",
  enabled: "Job",
  publicUrl: "Public URL",
  reachable: "Reachable",
  endpoint: "Endpoint",
  eventTypes: "Event types",
  secret: "Secret",
  rejections: "Rejections",
  destination: "Destination",
  storage: "Storage",
  lastEvent: "Last event",
};

const ORDER: Record<FindingState, number> = { problem: 0, warning: 1, ok: 2 };

/** What has to be mended stands first; otherwise as it was found. */
export function byUrgency<Finding extends { state: FindingState }>(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]);
}
