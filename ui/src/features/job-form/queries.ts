/** What the form needs to know before it can be shown. */
import { useQueries } from "@tanstack/react-query";
import { destinationsQuery, jobsQuery, providersQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import type { Choices } from "./values";

interface Loaded {
  choices: Choices;
  jobs: SyncJob[];
}

/** Providers, sources, destinations and jobs together. */
export function useChoices(): { data: Loaded | undefined; error: Error | null; refetch: () => void } {
  return useQueries({
    queries: [providersQuery, sourcesQuery, destinationsQuery, jobsQuery],
    combine: ([providers, sources, destinations, jobs]) => {
      const all = [providers, sources, destinations, jobs];
      const isLoaded = providers.data && sources.data && destinations.data && jobs.data;
      return {
        data: isLoaded
          ? {
              choices: { providers: providers.data, sources: sources.data, destinations: destinations.data },
              jobs: jobs.data,
            }
          : undefined,
        error: all.find((query) => query.error)?.error ?? null,
        refetch: () => {
          for (const query of all) if (query.isError) void query.refetch();
        },
      };
    },
  });
}
