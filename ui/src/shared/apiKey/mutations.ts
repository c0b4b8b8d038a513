/** A source's key for the provider's API: stored, and checked there. It is never read back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";

const path = (sourceId: string) => ({ workspaceId: WORKSPACE, sourceId });

/**
 * Stores a key. It is taken from where it was typed at the last moment and handed to the request alone: neither the
 * mutation nor anything else remembers it. `onSaved` is called even where the field is gone by then, as it is when the list of
 * sources is read again first.
 */
export function useSaveApiKey(sourceId: string, take: () => string, onSaved: () => void) {
  const client = useQueryClient();
  return useMutation({
    gcTime: 0,
    mutationFn: async () => {
      await call(
        api.PATCH("/api/workspaces/{workspaceId}/sources/{sourceId}", {
          params: { path: path(sourceId) },
          body: { apiKey: take() },
        }),
      );
    },
    onSuccess: () => {
      onSaved();
      return Promise.all(
        [keys.sources, keys.anyEndpoint].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
    },
  });
}

/** Asks the provider whose the stored key is. */
export const useCheckApiKey = (sourceId: string) =>
  useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/workspaces/{workspaceId}/sources/{sourceId}/check-key", {
          params: { path: path(sourceId) },
        }),
      ),
  });
