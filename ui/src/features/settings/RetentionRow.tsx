import { Anchor, Button, NumberInput, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, call, describeError, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import { jobsQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { JOB_DEFAULTS, JOB_LIMITS } from "../../shared/jobs/limits";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { SettingRow } from "./SettingRow";
import classes from "./Settings.module.css";
import { VirtualRows } from "./VirtualRows";

const { min: MIN_DAYS, max: MAX_DAYS } = JOB_LIMITS.retentionDays;

/** How long each job keeps its events. */
export function RetentionRow() {
  const jobs = useQuery(jobsQuery);
  return (
    <SettingRow
      stacked
      label="How long events are kept"
      description="Older events are cleaned up, unless they are pinned, waiting or failed. Documents stay."
    >
      {jobs.isPending ? (
        <LoadingRows rows={3} />
      ) : jobs.isLoadingError ? (
        <Failed title="The sync jobs could not be read" error={jobs.error} onRetry={jobs.refetch} />
      ) : jobs.data.length === 0 ? (
        <Text size="sm" c="dimmed">
          There is no sync job yet.
        </Text>
      ) : (
        <VirtualRows
          label="How long the sync jobs keep events"
          items={jobs.data}
          keyOf={(job) => job.id}
          rowHeight={44}
          maxHeight={266}
          render={(job) => <JobRetention job={job} />}
        />
      )}
    </SettingRow>
  );
}

function JobRetention({ job }: { job: SyncJob }) {
  const client = useQueryClient();
  const kept = job.webhookConfig.retentionDays ?? JOB_DEFAULTS.retentionDays;
  const [draft, setDraft] = useState<number | string>();
  const change = useMutation({
    mutationFn: (retentionDays: number) =>
      call(
        api.PATCH("/api/workspaces/{workspaceId}/sync-jobs/{jobId}", {
          params: { path: { workspaceId: WORKSPACE, jobId: job.id } },
          body: { webhookConfig: { retentionDays } },
        }),
      ),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.jobs });
      setDraft(undefined);
    },
  });
  const days = Number(draft);
  const changed = draft !== undefined && days !== kept;
  const valid = draft !== "" && Number.isInteger(days) && days >= MIN_DAYS && days <= MAX_DAYS;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed && valid) change.mutate(days);
  };
  return (
    <>
      <Anchor
        size="sm"
        className={classes.name}
        renderRoot={(props) => <Link {...props} to="/transfers/$jobId" params={{ jobId: job.id }} />}
      >
        {job.name}
      </Anchor>
      {change.error && (
        <Text size="xs" c="var(--hl-bad)" role="alert" truncate title={describeError(change.error).message}>
          {describeError(change.error).message}
        </Text>
      )}
      {changed && valid && days < kept && !change.error && (
        <Text size="xs" c="var(--hl-wait)" role="status">
          Events older than {days} d will go
        </Text>
      )}
      <form onSubmit={submit} className={classes.control}>
        {changed && (
          <>
            <Button size="compact-xs" variant="subtle" onClick={() => setDraft(undefined)}>
              Cancel
            </Button>
            <Button size="compact-xs" type="submit" loading={change.isPending} disabled={!valid}>
              Save
            </Button>
          </>
        )}
        <NumberInput
          aria-label={`Days that ${job.name} keeps events`}
          w={112}
          min={MIN_DAYS}
          max={MAX_DAYS}
          allowDecimal={false}
          allowNegative={false}
          suffix={Number(draft ?? kept) === 1 ? " day" : " days"}
          value={draft ?? kept}
          error={changed && !valid}
          onChange={(value) => setDraft(Number.isNaN(Number(value)) || value === "" ? "" : Number(value))}
        />
      </form>
    </>
  );
}
