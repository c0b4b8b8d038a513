/** What a cell says when it is pointed at: what did not fit, or what it means. */
import type { Event } from "../../api/schema";
import { statusMeaning } from "../../shared/eventStatus";
import { formatCount, plural } from "../../shared/format/numbers";
import { formatAbsolute } from "../../shared/format/times";

export function cellTitle(
  event: Event,
  column: string | undefined,
  jobName: (jobId: string) => string,
): string {
  switch (column) {
    case "time":
      return [
        `Received ${formatAbsolute(event.receivedAt)}`,
        event.occurredAt && `Occurred ${formatAbsolute(event.occurredAt)}`,
        event.finishedAt && `Finished ${formatAbsolute(event.finishedAt)}`,
      ]
        .filter(Boolean)
        .join("\n");
    case "type":
      return [
        event.type || "The request could not be read.",
        event.providerEventId,
        event.duplicates > 0 && `Delivered ${plural(event.duplicates + 1, "time")}`,
        event.pinned && "Kept whatever its age",
      ]
        .filter(Boolean)
        .join("\n");
    case "object":
      return [event.objectType, event.objectId].filter(Boolean).join(" ") || "No object";
    case "job":
      return jobName(event.jobId);
    case "status":
      return [statusMeaning(event), event.error].filter(Boolean).join("\n");
    case "attempts":
      return [
        plural(event.attempts, "attempt"),
        event.nextAttemptAt && `The next one ${formatAbsolute(event.nextAttemptAt)}`,
      ]
        .filter(Boolean)
        .join("\n");
    case "size":
      return `${formatCount(event.sizeBytes)} bytes as received`;
    case "box":
      return "Select (x)";
    default:
      return "";
  }
}
