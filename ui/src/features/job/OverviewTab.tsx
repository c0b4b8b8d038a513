import { Button, SegmentedControl, Title } from "@mantine/core";
import { IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { statusQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { ChartSkeleton, LatencyChart, ThroughputChart } from "../../shared/charts/ActivityCharts";
import { ActivityTable } from "../../shared/charts/ActivityTable";
import { CHART_RANGES, type ChartRange, rangeFacts } from "../../shared/charts/ranges";
import { endpointQuery } from "../../shared/endpoint/queries";
import { isHarmed } from "../../shared/endpoint/words";
import { useCalmRefresh } from "../../shared/state/calmRefresh";
import { whyTunnel } from "../../shared/tunnel/state";
import { ButtonLink } from "../../shared/ui/links";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { ArchiveWarning } from "./ArchiveWarning";
import { EndpointWarning } from "./EndpointWarning";
import classes from "./OverviewTab.module.css";
import { activityQuery, statsQuery } from "./queries";
import { RecentEvents } from "./RecentEvents";
import { StatTiles } from "./StatTiles";
import { StatusBreakdown } from "./StatusBreakdown";
import { TypeTable } from "./TypeTable";

interface OverviewTabProps {
  job: SyncJob;
  range: ChartRange;
  onRange: (range: ChartRange) => void;
  onDiagnose: () => void;
}

/** The job in numbers. */
export function OverviewTab({ job, range, onRange, onDiagnose }: OverviewTabProps) {
  const { data: stats, error, isPending, refetch } = useQuery(statsQuery(job.id));
  if (isPending) return <LoadingRows />;
  if (!stats)
    return (
      <Failed title="The job's numbers could not be read" error={error} onRetry={() => void refetch()} />
    );
  return (
    <div className={classes.overview}>
      <EndpointWarning jobId={job.id} />
      <ArchiveWarning job={job} />
      {!stats.lastReceivedAt && <NothingYet jobId={job.id} onDiagnose={onDiagnose} />}
      <StatTiles stats={stats} />
      <Charts jobId={job.id} range={range} onRange={onRange} />
      <div className={classes.columns}>
        <div className={classes.stack}>
          <StatusBreakdown jobId={job.id} counts={stats.byStatus} />
          <TypeTable jobId={job.id} range={range} />
        </div>
        <RecentEvents jobId={job.id} events={stats.recent} />
      </div>
    </div>
  );
}

function NothingYet({ jobId, onDiagnose }: { jobId: string; onDiagnose: () => void }) {
  const { data: isLocal } = useQuery({ ...statusQuery, select: ({ tunnel }) => tunnel.state === "off" });
  const { data: endpoint } = useQuery(endpointQuery(jobId));
  const managed = endpoint?.state === "managed" ? endpoint.managed : null;
  const isSetUp = Boolean(managed);
  const next = !managed
    ? "Give the webhook URL to the provider, or send a test webhook to see what happens."
    : isHarmed(managed)
      ? "First bring the endpoint into line."
      : `${endpoint?.providerLabel} is set up to send here: let something happen there, or send a test webhook.`;
  return (
    <section className={classes.hint} aria-label="Next step">
      <p>
        <b>No event has come yet.</b> {next}
        {isLocal && ` ${whyTunnel("the provider")}`}
      </p>
      {isLocal && (
        <ButtonLink to="/settings/tunnel" variant="default">
          Connect a tunnel
        </ButtonLink>
      )}
      {!isSetUp && (
        <ButtonLink to="/transfers/$jobId/setup" params={{ jobId }}>
          Set up the provider
        </ButtonLink>
      )}
      <Button variant="default" onClick={onDiagnose}>
        Why is nothing arriving?
      </Button>
    </section>
  );
}

/** The longer the range, the less a single event changes it. */
const CALM_MS: Record<ChartRange, number> = { "1h": 5000, "24h": 5000, "30d": 30_000 };

function Charts({
  jobId,
  range,
  onRange,
}: {
  jobId: string;
  range: ChartRange;
  onRange: (range: ChartRange) => void;
}) {
  const [asTable, setAsTable] = useState(false);
  const query = activityQuery(jobId, range);
  const { data, error, isPending, refetch } = useQuery(query);
  useCalmRefresh(query.queryKey, CALM_MS[range], jobId);
  return (
    <section className={classes.stack} aria-label="Activity over time">
      <div className={classes.tools}>
        <Title order={2}>Activity</Title>
        <Button variant="subtle" leftSection={<IconTable size={14} />} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show as charts" : "Show as table"}
        </Button>
        <SegmentedControl
          aria-label="How far back"
          value={range}
          onChange={(value) => onRange(value as ChartRange)}
          data={CHART_RANGES.map((value) => ({ value, label: rangeFacts[value].label }))}
        />
      </div>
      {isPending ? (
        <div className={classes.columns}>
          <ChartSkeleton />
          <ChartSkeleton />
        </div>
      ) : !data ? (
        <Failed title="The activity could not be read" error={error} onRetry={() => void refetch()} />
      ) : asTable ? (
        <ActivityTable points={data.points} words={rangeFacts[range].words} />
      ) : (
        <div className={classes.columns} data-even>
          <ThroughputChart points={data.points} bucketSeconds={data.bucketSeconds} range={range} />
          <LatencyChart points={data.points} bucketSeconds={data.bucketSeconds} range={range} />
        </div>
      )}
    </section>
  );
}
