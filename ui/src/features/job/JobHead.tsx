import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import {
  IconArrowBackUp,
  IconCopy,
  IconDots,
  IconKey,
  IconListDetails,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconSend,
  IconStethoscope,
  IconTrash,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { destinationsQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { formatCount } from "../../shared/format/numbers";
import { jobState } from "../../shared/jobState";
import { copy } from "../../shared/state/copy";
import { useNow } from "../../shared/state/now";
import { ReachMark } from "../../shared/tunnel/ReachNote";
import { CopyButton } from "../../shared/ui/CopyButton";
import { ButtonLink } from "../../shared/ui/links";
import { Status } from "../../shared/ui/Status";
import classes from "./JobView.module.css";
import { OutcomeNote } from "./OutcomeNote";
import { statsQuery } from "./queries";
import { useJobActions } from "./useJobActions";

interface JobHeadProps {
  job: SyncJob;
  failedLastHour: number;
  onRotate: () => void;
  onDelete: () => void;
  onDiagnose: () => void;
  onSetUp: () => void;
}

/** How the job is, in words, and what can be done with it. */
export function JobHead({ job, failedLastHour, onRotate, onDelete, onDiagnose, onSetUp }: JobHeadProps) {
  const now = useNow();
  const { data: stats } = useQuery(statsQuery(job.id));
  const failed = stats?.byStatus.failed ?? job.stats.failed;
  const state = jobState({ ...job, stats: stats?.byStatus ?? job.stats }, failedLastHour, now);
  const actions = useJobActions(job, failed, { onRotate, onDiagnose, onSetUp });
  const halted = job.delivery.state === "waitingForDestination" || job.delivery.state === "blocked";
  // What has gone wrong is told at length, and must not be squeezed beside the buttons.
  const long = state.tone === "bad" || state.tone === "wait";
  return (
    <div className={classes.head}>
      <div className={classes.line}>
        <div className={classes.state}>
          {/* Not the sentence: what ticks in it would be read aloud again and again. */}
          <span role="status">
            <Status tone={state.tone}>{state.word}</Status>
          </span>
          {!long && (
            <Text size="sm" c="dimmed">
              {state.sentence}
            </Text>
          )}
        </div>
        {halted && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} />}
            onClick={actions.resume}
            loading={actions.busy === "resume"}
          >
            Try destination again
          </Button>
        )}
        <Button
          variant={job.enabled ? "default" : "filled"}
          leftSection={job.enabled ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
          onClick={actions.toggle}
          loading={actions.busy === "toggle"}
        >
          {job.enabled ? "Pause" : "Resume"}
        </Button>
        <Button
          variant="default"
          leftSection={<IconSend size={14} />}
          onClick={actions.sendTest}
          loading={actions.busy === "send"}
        >
          Send test webhook
        </Button>
        <ButtonLink
          to="/events"
          search={{ job: job.id }}
          variant="default"
          leftSection={<IconListDetails size={14} />}
        >
          Show events
        </ButtonLink>
        <ButtonLink
          to="/transfers/$jobId/edit"
          params={{ jobId: job.id }}
          variant="default"
          leftSection={<IconPencil size={14} />}
        >
          Edit
        </ButtonLink>
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <ActionIcon variant="default" aria-label="More actions" size={30}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconStethoscope size={14} />} onClick={onDiagnose}>
              Why is nothing arriving?
            </Menu.Item>
            <Menu.Item leftSection={<IconKey size={14} />} onClick={onRotate}>
              Rotate secret…
            </Menu.Item>
            <Menu.Item
              leftSection={<IconArrowBackUp size={14} />}
              onClick={actions.retryFailed}
              disabled={failed === 0}
            >
              {failed === 0 ? "Retry failed" : `Retry ${formatCount(failed)} failed`}
            </Menu.Item>
            {!halted && (
              <Menu.Item
                leftSection={<IconRefresh size={14} />}
                onClick={actions.resume}
                disabled={!job.enabled}
              >
                Try destination again
              </Menu.Item>
            )}
            <Menu.Item
              leftSection={<IconCopy size={14} />}
              onClick={() => void copy(job.webhookUrl, "webhook URL")}
            >
              Copy webhook URL
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={onDelete}>
              Delete…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {long && (
        <Text size="sm" className={classes.sentence}>
          {state.sentence}
        </Text>
      )}
      <Facts job={job} onDiagnose={onDiagnose} />
      {actions.note && <OutcomeNote note={actions.note} jobId={job.id} onClose={actions.dismiss} />}
    </div>
  );
}

function Facts({ job, onDiagnose }: { job: SyncJob; onDiagnose: () => void }) {
  const { data: source } = useQuery({
    ...sourcesQuery,
    select: (sources) => sources.find(({ id }) => id === job.sourceId)?.name,
  });
  const { data: destination } = useQuery({
    ...destinationsQuery,
    select: (destinations) => destinations.find(({ id }) => id === job.destinationId)?.name,
  });
  return (
    <div className={classes.facts}>
      <span className={classes.ends}>
        {source ?? "…"} → {destination ?? "…"}
      </span>
      <span className={classes.fact}>
        <span className={classes.url} title={job.webhookUrl}>
          {job.webhookUrl}
        </span>
        <CopyButton value={job.webhookUrl} what="webhook URL" size={22} />
      </span>
      <ReachMark />
      <Button
        variant="subtle"
        size="compact-xs"
        ml="auto"
        leftSection={<IconStethoscope size={14} />}
        onClick={onDiagnose}
      >
        Why is nothing arriving?
      </Button>
    </div>
  );
}
