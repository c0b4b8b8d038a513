/** An event list without events: what to do next, by why it is empty. */
import { Button, Code, Group, Stack } from "@mantine/core";
import { IconInbox, IconPlugConnected, IconSearchOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { SyncJob } from "../../api/schema";
import { ReachMark } from "../../shared/tunnel/ReachNote";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Empty } from "../../shared/ui/States";

interface EmptyEventsProps {
  jobs: readonly SyncJob[];
  /** The job that is filtered for. */
  jobId: string | undefined;
  /** Filters other than the job. */
  filtered: boolean;
  onClear: () => void;
}

export function EmptyEvents({ jobs, jobId, filtered, onClear }: EmptyEventsProps) {
  const clear = (
    <Button variant="default" onClick={onClear}>
      Clear filters
    </Button>
  );
  if (filtered) {
    return (
      <Empty icon={<IconSearchOff size={28} />} title="No event matches" action={clear}>
        Take a filter away, or look further back.
      </Empty>
    );
  }
  const job = jobId ? jobs.find(({ id }) => id === jobId) : jobs.length === 1 ? jobs[0] : undefined;
  if (jobId && !job) {
    return (
      <Empty icon={<IconSearchOff size={28} />} title="There is no such job" action={clear}>
        The job of this list was deleted, and its events with it.
      </Empty>
    );
  }
  if (jobs.length === 0) {
    return (
      <Empty
        icon={<IconPlugConnected size={28} />}
        title="No events yet"
        action={
          <Group>
            <Button component={Link} to="/transfers/new">
              Add sync job
            </Button>
            <Button component={Link} to="/welcome" variant="default">
              Try with sample events
            </Button>
          </Group>
        }
      >
        A sync job gives you the URL that a provider sends its webhooks to.
      </Empty>
    );
  }
  if (!job) {
    return (
      <Empty
        icon={<IconInbox size={28} />}
        title="Waiting for the first webhook"
        action={
          <Button component={Link} to="/transfers" variant="default">
            Show sync jobs
          </Button>
        }
      >
        What your {jobs.length} sync jobs receive appears here.
      </Empty>
    );
  }
  return (
    <Empty
      icon={<IconInbox size={28} />}
      title="Waiting for the first webhook"
      action={
        <Stack align="center" gap="sm">
          <Group gap={4} wrap="nowrap" maw={520}>
            <Code style={{ overflowWrap: "anywhere" }}>{job.webhookUrl}</Code>
            <CopyButton value={job.webhookUrl} what="webhook URL" />
          </Group>
          <ReachMark />
          <Button
            renderRoot={(props) => (
              <Link to="/transfers/$jobId/setup" params={{ jobId: job.id }} {...props} />
            )}
          >
            Set up {job.name}
          </Button>
        </Stack>
      }
    >
      Give this URL to the provider of {job.name}. Each request that arrives appears here at once.
    </Empty>
  );
}
