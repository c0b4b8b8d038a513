/** The cache of what was read from the engine. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/client";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Changes make data old, time does not.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        // The engine is on this machine: what it refuses once it refuses again. Only "no answer" is worth a second try.
        retry: (failures, error) => error instanceof ApiError && error.status === 0 && failures < 2,
        // "Offline" is about the internet; the engine is reached without it.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
