import { Button, Group, Text, TextInput } from "@mantine/core";
import { useHotkeys, useSessionStorage } from "@mantine/hooks";
import { IconArrowsExchange, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { destinationsQuery, jobsQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { formatCount, plural } from "../../shared/format/numbers";
import { DeleteJobDialog } from "../../shared/jobs/DeleteJobDialog";
import { overviewQuery } from "../../shared/jobs/overview";
import { useNow } from "../../shared/state/now";
import { ButtonLink } from "../../shared/ui/links";
import { Page } from "../../shared/ui/Page";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import { filterRows, type Sorting, sortRows, toRows } from "./rows";
import { TransfersTable } from "./TransfersTable";

/** So many jobs are found by eye. */
const FILTERED_FROM = 10;

/** All sync jobs, what they do and how they are. */
export function TransfersPage() {
  const jobs = useQuery(jobsQuery);
  const { data: sources } = useQuery(sourcesQuery);
  const { data: destinations } = useQuery(destinationsQuery);
  const { data: figures, error: figuresError, refetch: readFigures } = useQuery(overviewQuery);
  const now = useNow();
  const [filter, setFilter] = useState("");
  const [sorting, setSorting] = useSessionStorage<Sorting>({
    key: "hookline.transfers.sorting",
    defaultValue: { column: "name", descending: false },
    getInitialValueInEffect: false,
  });
  const [deleting, setDeleting] = useState<SyncJob>();
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => search.current?.focus()]]);

  const rows = useMemo(
    () => sortRows(toRows(jobs.data ?? [], sources, destinations, figures, now), sorting),
    [jobs.data, sources, destinations, figures, now, sorting],
  );
  const found = useMemo(() => filterRows(rows, filter), [rows, filter]);

  if (jobs.isPending) return <LoadingRows />;
  if (!jobs.data) {
    return (
      <Failed
        title="The sync jobs could not be read"
        error={jobs.error}
        onRetry={() => void jobs.refetch()}
      />
    );
  }
  if (jobs.data.length === 0) return <NoJobs />;
  return (
    <Page
      fill
      toolbar={
        <>
          {jobs.data.length > FILTERED_FROM && (
            <TextInput
              ref={search}
              w={260}
              aria-label="Filter sync jobs"
              placeholder="Filter by name, source, state"
              leftSection={<IconSearch size={14} />}
              value={filter}
              onChange={(event) => setFilter(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Escape") setFilter("");
              }}
            />
          )}
          <Text size="sm" c="dimmed" role="status">
            {filter.trim()
              ? `${formatCount(found.length)} of ${plural(rows.length, "sync job")}`
              : plural(rows.length, "sync job")}
          </Text>
          {figuresError && (
            <Group gap="xs" role="alert">
              <Text size="sm" c="var(--hl-bad)">
                Their numbers could not be read.
              </Text>
              <Button variant="default" size="compact-xs" onClick={() => void readFigures()}>
                Retry
              </Button>
            </Group>
          )}
          <AddJob ml="auto" />
        </>
      }
    >
      {found.length === 0 ? (
        <div style={{ flex: 1 }}>
          <Empty
            title="No sync job has these words"
            action={
              <Button variant="default" onClick={() => setFilter("")}>
                Show all {formatCount(rows.length)}
              </Button>
            }
          />
        </div>
      ) : (
        <TransfersTable rows={found} sorting={sorting} onSort={setSorting} onDelete={setDeleting} />
      )}
      {deleting && <DeleteJobDialog job={deleting} onClose={() => setDeleting(undefined)} />}
    </Page>
  );
}

function NoJobs() {
  return (
    <Empty
      icon={<IconArrowsExchange size={32} />}
      title="No sync job yet"
      action={
        <Group gap="xs">
          <AddJob />
          <ButtonLink to="/welcome" variant="default">
            Try with sample events
          </ButtonLink>
        </Group>
      }
    >
      A sync job gives you a URL for a provider's webhooks, and applies what comes to a destination.
    </Empty>
  );
}

function AddJob({ ml }: { ml?: "auto" }) {
  return (
    <ButtonLink to="/transfers/new" leftSection={<IconPlus size={14} />} {...(ml ? { ml } : {})}>
      Add sync job
    </ButtonLink>
  );
}
