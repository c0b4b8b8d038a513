/** What is lost with a job, and when its name counts as typed. */
import type { DeletedJob, Destination, SyncJob } from "../../api/schema";
import { formatCount, plural } from "../format/numbers";

/** What deleting the job loses and what it leaves, in sentences. */
export function deletionLoss(stats: SyncJob["stats"], destination: Destination["kind"] | undefined): string {
  const stored = stats.pending + stats.processing + stats.completed + stats.failed + stats.skipped;
  const waiting = stats.pending + stats.processing;
  const events = stored === 1 ? "its one stored event" : `its ${formatCount(stored)} stored events`;
  const what = [
    stored > 0 ? events : "",
    stats.rejected > 0 ? plural(stats.rejected, "rejected request") : "",
    "its secret",
  ].filter(Boolean);
  const list = what.length > 1 ? `${what.slice(0, -1).join(", ")} and ${what.at(-1)}` : what[0];
  const sentences = [`Deletes the job with ${list}.`];
  if (waiting > 0) sentences.push(`${plural(waiting, "pending event")} will not be applied.`);
  sentences.push(
    destination === "http"
      ? "What was forwarded already is not undone."
      : "Documents in the destination stay.",
  );
  return sentences.join(" ");
}

/** Whether what was typed is the name. Names made by Hookline hold an arrow, which keyboards do not: `->` will do. */
export function isTypedName(typed: string, name: string): boolean {
  const plain = (text: string) => text.replaceAll("→", "->").replace(/\s+/g, " ").trim();
  return plain(typed) === plain(name) && plain(name) !== "";
}

/** What is known of the endpoint before its job is deleted. */
export interface KnownEndpoint {
  provider: string;
  id: string | null;
}

/** What became of the endpoint of a job that is deleted; undefined where there is nothing to say. */
export function endpointOutcome(
  { endpoint, hint }: Pick<DeletedJob, "endpoint" | "hint">,
  known: KnownEndpoint | null,
): string | undefined {
  switch (endpoint) {
    case "none":
      return undefined;
    case "removed":
      return `Its endpoint at ${known?.provider ?? "the provider"} is removed, too.`;
    case "left":
      return known
        ? `Its endpoint at ${known.provider}${known.id ? ` (${known.id})` : ""} is still there and goes on sending in vain: delete it there.`
        : (hint ?? "Its endpoint at the provider is still there: delete it there.");
  }
}
