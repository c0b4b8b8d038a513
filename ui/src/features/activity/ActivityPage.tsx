import { Button, Select, Switch, VisuallyHidden } from "@mantine/core";
import { IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { jobsQuery } from "../../api/queries";
import { ChartSkeleton, ThroughputChart } from "../../shared/charts/ActivityCharts";
import { ActivityTable } from "../../shared/charts/ActivityTable";
import { ExecutionTable } from "../../shared/executions/ExecutionTable";
import { useCalmRefresh } from "../../shared/state/calmRefresh";
import { Contained } from "../../shared/ui/Contained";
import { Page } from "../../shared/ui/Page";
import { Failed } from "../../shared/ui/States";
import classes from "./ActivityPage.module.css";
import { dayQuery } from "./queries";
import { type ActivitySearch, parseActivitySearch } from "./search";

/** What all jobs did: the last day as a chart, every batch as a line. */
export function ActivityPage() {
  const search = parseActivitySearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const { data: jobs } = useQuery(jobsQuery);
  const [asTable, setAsTable] = useState(false);
  const failedOnly = search.failed === true;
  const change = (next: { [Key in keyof ActivitySearch]: ActivitySearch[Key] | undefined }) =>
    void navigate({ to: "/activity", search: parseActivitySearch({ ...search, ...next }), replace: true });

  const names = useMemo(() => new Map(jobs?.map((job) => [job.id, job.name])), [jobs]);
  const nameOf = useCallback((jobId: string) => names.get(jobId), [names]);
  const choices = useMemo(() => jobs?.map((job) => ({ value: job.id, label: job.name })) ?? [], [jobs]);

  return (
    <Page
      fill
      toolbar={
        <>
          <Select
            aria-label="Job"
            placeholder="All jobs"
            w={240}
            data={choices}
            value={search.job ?? null}
            onChange={(job) => change({ job: job ?? undefined })}
            searchable
            clearable
            limit={100}
            nothingFoundMessage="No job has this name"
          />
          <Switch
            label="Failed only"
            checked={failedOnly}
            onChange={(event) => change({ failed: event.currentTarget.checked ? true : undefined })}
          />
          <Button
            ml="auto"
            variant="subtle"
            leftSection={<IconTable size={14} />}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? "Show as chart" : "Show as table"}
          </Button>
        </>
      }
    >
      <div className={classes.page}>
        <div className={classes.strip}>
          <Contained what="chart">
            <VisuallyHidden component="h2">The last 24 hours</VisuallyHidden>
            <Day jobId={search.job} asTable={asTable} />
          </Contained>
        </div>
        <div className={classes.list}>
          <ExecutionTable
            key={`${search.job} ${failedOnly}`}
            filter={{ jobId: search.job, failedOnly }}
            {...(search.job ? {} : { nameOf })}
            empty={{
              title: "Nothing was applied yet",
              text: "When events arrive, each batch that is applied to a destination is listed here.",
            }}
            onShowAll={() => change({ failed: undefined })}
          />
        </div>
      </div>
    </Page>
  );
}

const CALM_MS = 10_000;

function Day({ jobId, asTable }: { jobId: string | undefined; asTable: boolean }) {
  const query = dayQuery(jobId);
  const { data, error, isPending, refetch } = useQuery(query);
  useCalmRefresh(query.queryKey, CALM_MS, jobId);
  if (isPending) return <ChartSkeleton height={110} />;
  if (!data)
    return <Failed title="The last day could not be read" error={error} onRetry={() => void refetch()} />;
  if (asTable) return <ActivityTable points={data.points} words="the last 24 hours" maxHeight={200} />;
  return <ThroughputChart points={data.points} bucketSeconds={data.bucketSeconds} range="24h" height={110} />;
}
