/** The signature check in words. */
import type { EventDetail } from "../../api/schema";
import { formatDuration } from "../../shared/format/numbers";
import type { Tone } from "../../shared/ui/Status";

export type Signature = EventDetail["signature"];

const STATUS: Record<Signature["status"], { tone: Tone; word: string }> = {
  verified: { tone: "ok", word: "Verified" },
  refused: { tone: "bad", word: "Refused" },
  unreadable: { tone: "bad", word: "Not readable" },
};

/** Shape and word. */
export const signatureStatus = (signature: Signature) => STATUS[signature.status];

/** How old the signature was at receipt, and whether that was allowed. */
export function ageWords({ ageSeconds, toleranceSeconds }: Signature): string {
  if (ageSeconds == null)
    return "The provider signs no time, so an old request cannot be told from a new one.";
  const amount = formatDuration(Math.abs(ageSeconds) * 1000);
  const age =
    Math.abs(ageSeconds) < 1
      ? "Signed at the moment of receipt"
      : ageSeconds > 0
        ? `Signed ${amount} before receipt`
        : `Signed ${amount} after receipt: one of the two clocks is wrong`;
  if (toleranceSeconds == null) return `${age}.`;
  const tolerance = formatDuration(toleranceSeconds * 1000);
  return Math.abs(ageSeconds) <= toleranceSeconds
    ? `${age}; up to ${tolerance} is allowed.`
    : `${age}; more than the ${tolerance} that is allowed.`;
}

/** Whether the secret of today fits, with what that means. */
export function matchWords({ matchesNow, status }: Signature): string {
  if (matchesNow == null) return "It cannot be checked again now.";
  if (matchesNow) {
    return status === "verified"
      ? "Yes: the secret that the job has now made this signature."
      : "Yes: the job's secret was changed since, or the time was the only fault.";
  }
  return status === "verified"
    ? "No: the secret was replaced after this request came."
    : "No: it was made with another secret, or the body was changed on its way.";
}

/** Whether the same request would be refused for its age by now. */
export function isTooOldToSendAgain(signature: Signature, now: number): boolean {
  if (signature.toleranceSeconds == null || !signature.timestamp) return false;
  return now - Date.parse(signature.timestamp) > signature.toleranceSeconds * 1000;
}
