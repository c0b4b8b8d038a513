import { Button, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { describeError } from "../../api/client";
import type { SyncJob } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { plural } from "../../shared/format/numbers";
import { formatSoon } from "../../shared/format/times";
import { useResume } from "../../shared/jobs/mutations";
import { useNow } from "../../shared/state/now";
import { Problem } from "../../shared/ui/Problem";
import { Status } from "../../shared/ui/Status";
import classes from "./OverviewTab.module.css";

/** From here on the engine does not count further. */
const COUNTED = 10_000;

/** How far the archive is behind. */
export const archiveLag = (waiting: number): string =>
  waiting >= COUNTED
    ? `More than ${plural(COUNTED - 1, "entry is", "entries are")} not archived yet.`
    : `${plural(waiting, "entry is", "entries are")} not archived yet.`;

/** Above the numbers: the archive takes nothing, or not everything. The sync itself goes on. */
export function ArchiveWarning({ job }: { job: SyncJob }) {
  const resume = useResume(job.id);
  const now = useNow();
  const trouble = job.archive?.trouble;
  if (!job.archive || !trouble) return null;
  return (
    <section className={classes.hint} data-tone="wait" aria-label="Archive">
      <div className={classes.hintWords}>
        <Status tone="wait">The archive is behind</Status>
        <Text size="sm" component="div">
          {archiveLag(job.archive.waiting)} {sentence(trouble.error)} {trouble.hint && sentence(trouble.hint)}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          Syncing goes on, and nothing that is not archived yet is cleaned up. Trying again{" "}
          {formatSoon(trouble.nextTryAt, now)}.
        </Text>
        {resume.isError && <Problem title="It was not tried" {...describeError(resume.error)} />}
      </div>
      <Button
        leftSection={<IconRefresh size={14} />}
        loading={resume.isPending}
        onClick={() => resume.mutate(undefined)}
      >
        Try again now
      </Button>
    </section>
  );
}
