import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, call, describeError, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import { destinationsQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { toastSuccess } from "../state/toasts";
import { Problem } from "../ui/Problem";
import { deletionLoss, isTypedName } from "./deletion";
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
  const kind = destinations?.find(({ id }) => id === job.destinationId)?.kind;
  const confirmed = isTypedName(typed, job.name);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!confirmed) return;
    remove.mutate(undefined, {
      onSuccess: () => {
        toastSuccess(`Deleted ${job.name}`);
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
          {remove.isError && (
            <Problem title="The job could not be deleted" {...describeError(remove.error)} />
          )}
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
