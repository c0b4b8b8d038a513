/** What is done with the tunnel. Whatever came of it, what is shown of it is read again. */
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "../../api/client";
import { keys } from "../../api/keys";
import type { TunnelAnswer, UpdateTunnel } from "../../api/schema";

export const startTunnel = () => call(api.POST("/api/tunnel/start"));
export const stopTunnel = () => call(api.POST("/api/tunnel/stop"));
export const checkTunnel = () => call(api.POST("/api/tunnel/check"));
export const updateTunnel = (body: UpdateTunnel) => call(api.PATCH("/api/tunnel", { body }));

/** After a change of the tunnel, or an attempt at one: a refusal is a state of the tunnel, too. */
export function readTunnelAgain(client: QueryClient): Promise<unknown> {
  return Promise.all(
    [keys.tunnel, keys.status, keys.jobs].map((queryKey) => client.invalidateQueries({ queryKey })),
  );
}

function useTunnelMutation<Input>(run: (input: Input) => Promise<TunnelAnswer>) {
  const client = useQueryClient();
  return useMutation({
    // A finished mutation is remembered for minutes: not one with an authtoken in it.
    gcTime: 0,
    mutationFn: run,
    onSuccess: (answer) => client.setQueryData(keys.tunnel, answer),
    // Nobody has to wait for it.
    onSettled: () => void readTunnelAgain(client),
  });
}

export const useStartTunnel = () => useTunnelMutation<void>(startTunnel);
export const useStopTunnel = () => useTunnelMutation<void>(stopTunnel);
export const useUpdateTunnel = () => useTunnelMutation(updateTunnel);

/** Sends a request to the public address and sees whether it comes back. */
export function useCheckTunnel() {
  const client = useQueryClient();
  return useMutation({ mutationFn: checkTunnel, onSettled: () => void readTunnelAgain(client) });
}
