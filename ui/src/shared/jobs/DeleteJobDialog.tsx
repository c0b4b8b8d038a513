import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, api, call, describeError, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import { destinationsQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { endpointQuery } from "../endpoint/queries";
import { toastSuccess } from "../state/toasts";
import { Problem } from "../ui/Problem";
import { deletionLoss, endpointOutcome, isTypedName, type KnownEndpoint } from "./deletion";
import { useDeleteJob } from "./mutations";

interface DeleteJobDialogProps {
  job: SyncJob;
  onClose: () => void;
  onDeleted?: () => void;
}

/** Says what will be lost, and deletes once the job's name was typed. */
export function DeleteJobDialog({ job, onClose, onDeleted }: DeleteJobDialogProps) {
  const [typed, setTyped] = useState("");
  const remove = useDeleteJob(job.id);
  const { data: destinations } = useQuery(destinationsQuery);
  // The list of jobs is as old as its last change; what is lost is counted now.
  const { data: stats } = useQuery({
    queryKey: [...keys.figures(job.id), "counts"],
    queryFn: () =>
      call(
        api.GET("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
          params: { path: { workspaceId: WORKSPACE, jobId: job.id } },
        }),
      ).then((answer) => answer.stats),
    placeholderData: job.stats,
  });
  const { data: endpoint } = useQuery(endpointQuery(job.id));
  const [removesEndpoint, setRemovesEndpoint] = useState(true);
  const managed: KnownEndpoint | null = endpoint?.managed
    ? { provider: endpoint.providerLabel, id: endpoint.managed.providerEndpointId ?? null }
    : null;
  const kind = destinations?.find(({ id }) => id === job.destinationId)?.kind;
  const confirmed = isTypedName(typed, job.name);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!confirmed || remove.isPending) return;
    remove.mutate(managed ? (removesEndpoint ? "remove" : "keep") : undefined, {
      onSuccess: (deleted) => {
        const outcome = deleted && endpointOutcome(deleted, managed);
        // What is still to be done has to be read.
        toastSuccess(`Deleted ${job.name}`, outcome, { long: deleted?.endpoint === "left" });
        onClose();
        onDeleted?.();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={`Delete ${job.name}?`}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text>{deletionLoss(stats ?? job.stats, kind)}</Text>
          <TextInput
            label={
              <>
                Type <b>{job.name}</b> to confirm
              </>
            }
            aria-label="The job's name"
            {...(job.name.includes("→") ? { description: "The arrow may be typed as ->" } : {})}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-autofocus
            autoComplete="off"
            spellCheck={false}
          />
          {managed && (
            <Checkbox
              label={`Remove the endpoint at ${managed.provider} too`}
              description={
                removesEndpoint
                  ? undefined
                  : `${managed.provider} goes on sending to it, and is answered 404, until it is deleted there.`
              }
              checked={removesEndpoint}
              onChange={(event) => setRemovesEndpoint(event.currentTarget.checked)}
            />
          )}
          {remove.isError && <Refusal error={remove.error} managed={removesEndpoint ? managed : null} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Keep
            </Button>
            <Button type="submit" color="red" disabled={!confirmed} loading={remove.isPending}>
              Delete job
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Why the job is still there; an endpoint that cannot be removed may be left. */
function Refusal({ error, managed }: { error: unknown; managed: KnownEndpoint | null }) {
  const { message, hint } = describeError(error);
  const way =
    managed && error instanceof ApiError && error.status === 424
      ? `Untick the box to delete the job and leave the endpoint at ${managed.provider}.`
      : undefined;
  return (
    <Problem
      title="The job could not be deleted"
      message={message}
      hint={[hint, way].filter(Boolean).join(" ") || undefined}
    />
  );
}
