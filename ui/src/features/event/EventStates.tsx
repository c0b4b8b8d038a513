/** The detail while there is no event to show. */
import { ActionIcon, Button, Skeleton, Stack } from "@mantine/core";
import { IconTrash, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "../../api/client";
import type { EventDetail } from "../../api/schema";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import type { useEvent } from "./queries";

interface EventStatesProps {
  query: ReturnType<typeof useEvent>;
  /** Leads away from an event that is not there. */
  onClose: () => void;
  closeLabel: string;
  children: (event: EventDetail) => ReactNode;
}

/** Reading, gone, failed; or the event. */
export function EventStates({ query, onClose, closeLabel, children }: EventStatesProps) {
  if (query.data) return children(query.data);
  if (query.isPending) {
    return (
      <div aria-busy="true">
        <Stack gap={12} p="md">
          <Skeleton height={20} width="60%" />
          <Skeleton height={14} width="90%" />
          <Skeleton height={24} width="70%" />
        </Stack>
        <LoadingRows rows={10} />
      </div>
    );
  }
  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <Empty
        icon={<IconTrash size={28} />}
        title="This event was cleaned up or deleted"
        action={
          <Button variant="default" onClick={onClose}>
            {closeLabel}
          </Button>
        }
      >
        Events are removed when their job's retention time is over, and with their job. Keep an event to have
        it stay.
      </Empty>
    );
  }
  return (
    <Failed title="The event could not be read" error={query.error} onRetry={() => void query.refetch()} />
  );
}

/** Closes the pane; there whatever the pane shows. */
export function CloseButton({ onClose }: { onClose: () => void }) {
  return (
    <ActionIcon aria-label="Close event" onClick={onClose}>
      <IconX size={16} />
    </ActionIcon>
  );
}
