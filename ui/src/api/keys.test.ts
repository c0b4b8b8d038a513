import { QueryClient, type QueryKey } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import { collectionsQuery } from "../features/documents/queries";
import { eventQuery } from "../features/event/queries";
import { statsQuery } from "../features/job/queries";
import { arrivalsQuery } from "../features/setup/queries";
import type { Change } from "../platform";
import { endpointQuery } from "../shared/endpoint/queries";
import { overviewQuery } from "../shared/jobs/overview";
import { staleAfter } from "./keys";
import {
  destinationsQuery,
  jobsQuery,
  providersQuery,
  sourcesQuery,
  statusQuery,
  tunnelQuery,
} from "./queries";

/** Queries as the window has them. */
const queries: { queryKey: QueryKey }[] = [
  providersQuery,
  statusQuery,
  tunnelQuery,
  sourcesQuery,
  destinationsQuery,
  jobsQuery,
  overviewQuery,
  statsQuery("j1"),
  statsQuery("j2"),
  arrivalsQuery("j1"),
  eventQuery("j1", "1"),
  eventQuery("j2", "2"),
  collectionsQuery("d1"),
  endpointQuery("j1"),
  endpointQuery("j2"),
];

/** Which of the window's queries these changes make old. */
function staleQueries(...changes: Change[]): string[] {
  const client = new QueryClient();
  for (const { queryKey } of queries) client.setQueryData(queryKey, 0 as never);
  for (const queryKey of staleAfter(changes) ?? [[]]) {
    void client.invalidateQueries({ queryKey, refetchType: "none" });
  }
  return queries
    .filter(({ queryKey }) => client.getQueryState(queryKey)?.isInvalidated)
    .map(({ queryKey }) => queryKey.join("/"))
    .sort();
}

describe("staleAfter", () => {
  it("an event makes lists, numbers, documents and the events of its job old, and no others", () => {
    const stale = staleQueries({ what: "events", jobId: "j1" });
    expect(stale).toEqual(
      expect.arrayContaining([
        "documents/d1/collections",
        "event/j1/1",
        "events/arrivals/j1",
        "figures/j1/stats",
        "jobs",
        "overview",
      ]),
    );
    for (const other of ["event/j2/2", "figures/j2/stats", "sources", "destinations", "providers"]) {
      expect(stale).not.toContain(other);
    }
  });

  it("a changed job makes the jobs and its own numbers old", () => {
    const stale = staleQueries({ what: "syncJobs", jobId: "j2" });
    expect(stale).toEqual(expect.arrayContaining(["jobs", "overview", "figures/j2/stats", "status"]));
    expect(stale).not.toContain("figures/j1/stats");
    expect(stale).not.toContain("events/arrivals/j1");
  });

  it("a changed destination makes its documents old: they may lie elsewhere now", () => {
    expect(staleQueries({ what: "destinations" })).toEqual([
      "destinations",
      "documents/d1/collections",
      "jobs",
    ]);
  });

  it("a changed source makes the sources old, the jobs that show its name, and what its key is for", () => {
    expect(staleQueries({ what: "sources" })).toEqual(["endpoint/j1", "endpoint/j2", "jobs", "sources"]);
  });

  it("an endpoint makes itself old with its job's numbers, and no other job's", () => {
    expect(staleQueries({ what: "endpoints", jobId: "j1" })).toEqual(["endpoint/j1", "figures/j1/stats"]);
  });

  it("a changed job makes its endpoint old: what that should be follows from the job", () => {
    const stale = staleQueries({ what: "syncJobs", jobId: "j1" });
    expect(stale).toContain("endpoint/j1");
    expect(stale).not.toContain("endpoint/j2");
  });

  it("an execution makes the jobs old with their counts and deliveries", () => {
    expect(staleQueries({ what: "executions", jobId: "j1" })).toEqual(["jobs"]);
  });

  it("the tunnel makes its own state old, the light, and the jobs, whose URLs begin with its address", () => {
    expect(staleQueries({ what: "tunnel" })).toEqual([
      "endpoint/j1",
      "endpoint/j2",
      "jobs",
      "status",
      "tunnel",
    ]);
  });

  it("a refresh makes all old, whatever else changed", () => {
    expect(staleAfter([{ what: "events" }, { what: "refresh" }])).toBeNull();
  });

  it("many changes of one kind are one reading", () => {
    const changes: Change[] = Array.from({ length: 500 }, () => ({ what: "events", jobId: "j1" }));
    expect(staleAfter(changes)).toEqual(staleAfter([{ what: "events", jobId: "j1" }]));
  });

  it("nothing makes nothing old", () => {
    expect(staleAfter([])).toEqual([]);
  });
});
