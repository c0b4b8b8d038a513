/**
 * The keys of what changes make old by themselves, and which of them which change does.
 *
 * A feature's query uses one of these keys (with more parts behind it, if need be), so that live updates work without a
 * feature knowing of changes at all. What is too costly for that has a key of its own and is read again as its query says.
 */
import type { QueryKey } from "@tanstack/react-query";
import type { Change } from "../platform";

export const keys = {
  providers: ["providers"] as const,
  status: ["status"] as const,
  tunnel: ["tunnel"] as const,
  sources: ["sources"] as const,
  destinations: ["destinations"] as const,
  jobs: ["jobs"] as const,
  overview: ["overview"] as const,
  /** Numbers of one job: stats, activity, types, diagnosis. */
  figures: (jobId: string) => ["figures", jobId] as const,
  /** A job's endpoint at its provider. */
  endpoint: (jobId: string) => ["endpoint", jobId] as const,
  /** Those of all jobs. */
  anyEndpoint: ["endpoint"] as const,
  events: ["events"] as const,
  event: (jobId: string, eventId: string) => ["event", jobId, eventId] as const,
  documents: (destinationId: string) => ["documents", destinationId] as const,
};

/** Which keys are to be read again after these changes; null means all. */
export function staleAfter(changes: Change[]): QueryKey[] | null {
  const stale = new Map<string, QueryKey>();
  const add = (...list: QueryKey[]) => {
    for (const key of list) stale.set(JSON.stringify(key), key);
  };
  for (const { what, jobId } of changes) {
    switch (what) {
      case "refresh":
        return null;
      case "sources":
        // Without its key nothing can be set up at a provider.
        add(keys.sources, keys.jobs, keys.anyEndpoint);
        break;
      case "destinations":
        add(keys.destinations, keys.jobs, ["documents"]);
        break;
      case "syncJobs":
        add(keys.jobs, keys.overview, keys.status);
        // What a job's endpoint should be follows from the job.
        if (jobId) add(keys.figures(jobId), keys.endpoint(jobId));
        break;
      case "endpoints":
        if (jobId) add(keys.endpoint(jobId), keys.figures(jobId));
        break;
      case "events":
        add(keys.events, keys.jobs, keys.overview, keys.status, ["documents"]);
        if (jobId) add(keys.figures(jobId), ["event", jobId]);
        break;
      case "executions":
        // After each batch a job's counts and how its delivery stands may be others.
        add(keys.jobs);
        break;
      case "tunnel":
        // The webhook URLs of all jobs begin with its address.
        add(keys.tunnel, keys.status, keys.jobs, keys.anyEndpoint);
        break;
    }
  }
  return [...stale.values()];
}
