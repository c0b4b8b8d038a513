import { Button, Text, Title } from "@mantine/core";
import { IconKey, IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { destinationsQuery, providersQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { formatDuration, plural } from "../../shared/format/numbers";
import { formatAbsolute } from "../../shared/format/times";
import { JOB_DEFAULTS } from "../../shared/jobs/limits";
import { ReachMark } from "../../shared/tunnel/ReachNote";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Fact } from "../../shared/ui/Fact";
import { ButtonLink } from "../../shared/ui/links";
import { Status } from "../../shared/ui/Status";
import { archiveLag } from "./ArchiveWarning";
import { EndpointSection } from "./EndpointSection";
import classes from "./SettingsTab.module.css";

interface SettingsTabProps {
  job: SyncJob;
  onRotate: () => void;
  onDelete: () => void;
}

/** How the job is set up, to read; what replaces its secret; what deletes it. */
export function SettingsTab({ job, onRotate, onDelete }: SettingsTabProps) {
  return (
    <div className={classes.settings}>
      <section className={classes.panel} aria-label="Settings">
        <div className={classes.head}>
          <Title order={2}>Settings</Title>
          <ButtonLink
            to="/transfers/$jobId/edit"
            params={{ jobId: job.id }}
            variant="default"
            leftSection={<IconPencil size={14} />}
          >
            Edit
          </ButtonLink>
        </div>
        {job.warnings.map((warning) => (
          <Status key={warning} tone="wait">
            {warning}
          </Status>
        ))}
        <Summary job={job} />
      </section>
      <EndpointSection job={job} />
      <section className={classes.panel} aria-label="Signing secret">
        <div className={classes.head}>
          <div>
            <Title order={2}>Signing secret</Title>
            <Text size="sm" c="dimmed">
              Requests that are not signed with it are rejected. A new one can be brought in while the old one
              still counts, so that no request is lost.
            </Text>
          </div>
          <Button variant="default" leftSection={<IconKey size={14} />} onClick={onRotate}>
            Rotate secret…
          </Button>
        </div>
      </section>
      <section className={classes.panel} data-danger aria-label="Delete">
        <div className={classes.head}>
          <div>
            <Title order={2}>Delete this job</Title>
            <Text size="sm" c="dimmed">
              Its URL stops answering, and its stored events and its secret are gone. What it synced stays in
              the destination.
            </Text>
          </div>
          <Button variant="outline" color="red" leftSection={<IconTrash size={14} />} onClick={onDelete}>
            Delete…
          </Button>
        </div>
      </section>
    </div>
  );
}

function Summary({ job }: { job: SyncJob }) {
  const { data: source } = useQuery({
    ...sourcesQuery,
    select: (sources) => sources.find(({ id }) => id === job.sourceId),
  });
  const { data: destination } = useQuery({
    ...destinationsQuery,
    select: (destinations) => destinations.find(({ id }) => id === job.destinationId),
  });
  const { data: provider } = useQuery({
    ...providersQuery,
    select: (providers) => providers.find(({ kind }) => kind === source?.kind),
  });
  const config = { ...JOB_DEFAULTS, ...job.webhookConfig };
  return (
    <dl className={classes.list}>
      <Fact term="Name">{job.name}</Fact>
      <Fact term="Source">
        {source?.name ?? "…"}
        {provider && provider.label !== source?.name && ` (${provider.label})`}
      </Fact>
      <Fact term="Destination">
        {destination?.name ?? "…"}
        {destination?.displayUrl && <div className={classes.mono}>{destination.displayUrl}</div>}
      </Fact>
      <Fact term="Webhook URL">
        <span className={classes.mono}>{job.webhookUrl}</span>{" "}
        <CopyButton value={job.webhookUrl} what="webhook URL" size={22} /> <ReachMark />
      </Fact>
      <Fact term="Event types">
        {config.eventTypes.length === 0 ? (
          "All"
        ) : (
          <span className={classes.patterns}>
            {config.eventTypes.map((pattern) => (
              <code key={pattern}>{pattern}</code>
            ))}
          </span>
        )}
      </Fact>
      {destination?.kind !== "http" && (
        <>
          <Fact term="Collection prefix">
            {job.collectionPrefix ? <span className={classes.mono}>{job.collectionPrefix}</span> : "None"}
          </Fact>
          <Fact term="Deletions">
            {config.deletes === "hard" ? "Documents are removed" : "Documents stay and are marked as deleted"}
          </Fact>
        </>
      )}
      <Fact term="Batches">
        At most {plural(config.batchSize, "event")}; a batch that is not full waits{" "}
        {config.batchWaitMs === 0 ? "for nothing" : `up to ${formatDuration(config.batchWaitMs)}`}
      </Fact>
      <Fact term="Signature's age">
        {toleranceWords(config.signatureToleranceSeconds, provider?.toleranceSeconds)}
      </Fact>
      <Fact term="Events are kept for">{plural(config.retentionDays, "day")}</Fact>
      {destination?.kind === "mongodb" && (
        <Fact term="Archive">
          {archiveWords(config.archive?.days)}
          {job.archive && job.archive.waiting > 0 && (
            <Text size="sm" c="dimmed">
              {archiveLag(job.archive.waiting)}
            </Text>
          )}
        </Fact>
      )}
      <Fact term="Made">{formatAbsolute(job.createdAt)}</Fact>
      <Fact term="Last changed">{formatAbsolute(job.updatedAt)}</Fact>
      <Fact term="Id">
        <span className={classes.mono}>{job.id}</span> <CopyButton value={job.id} what="id" size={22} />
      </Fact>
    </dl>
  );
}

/** Whether the history is kept in the destination too. */
const archiveWords = (days: number | undefined): string =>
  days === undefined ? "Off" : `Events and executions are kept there for ${plural(days, "day")}`;

/** How old a signature may be: the job's own limit, else the provider's. */
export function toleranceWords(own: number | null | undefined, provider: number | null | undefined): string {
  if (own === 0) return "Not checked";
  if (typeof own === "number") return `At most ${formatDuration(own * 1000)}`;
  if (typeof provider === "number") return `At most ${formatDuration(provider * 1000)}, as the provider says`;
  return "The provider signs no time";
}
