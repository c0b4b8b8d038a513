import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import type { Change } from "../platform";
import { keys, staleAfter } from "./keys";

/** Which of the window's queries these changes make old. */
function staleQueries(...changes: Change[]): string[] {
  const client = new QueryClient();
  const known = [
    keys.providers,
    keys.status,
    keys.sources,
    keys.destinations,
    keys.jobs,
    keys.overview,
    keys.figures("j1"),
    keys.figures("j2"),
    keys.allFigures,
    [...keys.events, "list", { q: "ada" }],
    keys.event("j1", "1"),
    keys.event("j2", "2"),
    [...keys.executions, "j1"],
    [...keys.documents("d1"), "collections"],
  ];
  for (const key of known) client.setQueryData(key, 0);
  for (const queryKey of staleAfter(changes) ?? [[]]) {
    void client.invalidateQueries({ queryKey, refetchType: "none" });
  }
  return known
    .filter((key) => client.getQueryState(key)?.isInvalidated)
    .map((key) => key.filter((part) => typeof part === "string").join("/"))
    .sort();
}

describe("staleAfter", () => {
  it("an event makes lists, numbers, documents and the events of its job old, and no others", () => {
    const stale = staleQueries({ what: "events", jobId: "j1" });
    expect(stale).toEqual(
      expect.arrayContaining([
        "documents/d1/collections",
        "event/j1/1",
        "events/list",
        "figures/j1",
        "figures/all",
      ]),
    );
    for (const other of [
      "event/j2/2",
      "figures/j2",
      "sources",
      "destinations",
      "providers",
      "executions/j1",
    ]) {
      expect(stale).not.toContain(other);
    }
  });

  it("a changed job makes the jobs and its own numbers old", () => {
    const stale = staleQueries({ what: "syncJobs", jobId: "j2" });
    expect(stale).toEqual(expect.arrayContaining(["jobs", "overview", "figures/j2", "status"]));
    expect(stale).not.toContain("figures/j1");
    expect(stale).not.toContain("events/list");
  });

  it("a changed destination makes its documents old: they may lie elsewhere now", () => {
    expect(staleQueries({ what: "destinations" })).toEqual([
      "destinations",
      "documents/d1/collections",
      "jobs",
    ]);
  });

  it("a changed source makes the sources old, and the jobs that show its name", () => {
    expect(staleQueries({ what: "sources" })).toEqual(["jobs", "sources"]);
  });

  it("an execution makes the lists of executions old, and the jobs with their counts and deliveries", () => {
    expect(staleQueries({ what: "executions", jobId: "j1" })).toEqual(["executions/j1", "jobs"]);
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
