/** Changes of a destination. What they make old is read again before they count as done. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import type { UpdateDestination } from "../../api/schema";

const params = (destinationId: string) => ({ path: { workspaceId: WORKSPACE, destinationId } });

export function useUpdateDestination(id: string, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    // A finished mutation is remembered for minutes: not one with a connection string in it.
    gcTime: 0,
    mutationFn: (body: UpdateDestination) =>
      call(
        api.PATCH("/api/workspaces/{workspaceId}/destinations/{destinationId}", { params: params(id), body }),
      ),
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.destinations }),
        client.invalidateQueries({ queryKey: keys.jobs }),
      ]);
      // Another address may hold other documents. Nobody has to wait for those.
      void client.invalidateQueries({ queryKey: keys.documents(id) });
      onDone();
    },
  });
}

export function useDeleteDestination(id: string, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      call(api.DELETE("/api/workspaces/{workspaceId}/destinations/{destinationId}", { params: params(id) })),
    onSuccess: async () => {
      onDone();
      await client.invalidateQueries({ queryKey: keys.destinations });
      client.removeQueries({ queryKey: keys.documents(id) });
    },
  });
}
