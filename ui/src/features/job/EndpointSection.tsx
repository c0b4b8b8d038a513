/** The job's endpoint at its provider, among the job's settings. */

import { Button, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { describeError } from "../../api/client";
import { providersQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { Unselectable } from "../../shared/endpoint/EndpointParts";
import { ManagedEndpointPanel } from "../../shared/endpoint/ManagedEndpointPanel";
import { endpointQuery } from "../../shared/endpoint/queries";
import { ButtonLink } from "../../shared/ui/links";
import { Problem } from "../../shared/ui/Problem";
import classes from "./SettingsTab.module.css";

/** Nothing where the provider cannot be set up from here. */
export function EndpointSection({ job }: { job: SyncJob }) {
  const { data: kind } = useQuery({
    ...sourcesQuery,
    select: (sources) => sources.find(({ id }) => id === job.sourceId)?.kind,
  });
  const { data: provider } = useQuery({
    ...providersQuery,
    select: (providers) => providers.find((each) => each.kind === kind),
  });
  if (!provider?.keyHelp) return null;
  const title = `Endpoint at ${provider.label}`;
  return (
    <section className={classes.panel} aria-label={title}>
      <Title order={2}>{title}</Title>
      <Content job={job} provider={provider.label} />
    </section>
  );
}

function Content({ job, provider }: { job: SyncJob; provider: string }) {
  const { data: endpoint, error, isFetching, refetch } = useQuery(endpointQuery(job.id));
  if (endpoint?.managed) {
    return <ManagedEndpointPanel jobId={job.id} endpoint={endpoint} managed={endpoint.managed} />;
  }
  if (endpoint) {
    return (
      <Stack gap="sm">
        <div className={classes.head}>
          <Text size="sm" c="dimmed">
            Hookline has set up none for this job. It may have been set up by hand; with an API key Hookline
            does it by itself and keeps it in line.
          </Text>
          <ButtonLink
            to="/transfers/$jobId"
            params={{ jobId: job.id }}
            search={{ tab: "setup" }}
            variant="default"
          >
            {`Set it up at ${provider}`}
          </ButtonLink>
        </div>
        <Unselectable endpoint={endpoint} />
      </Stack>
    );
  }
  if (error) {
    return (
      <Stack gap="xs" align="flex-start">
        <Problem title="How it stands could not be read" {...describeError(error)} />
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          Retry
        </Button>
      </Stack>
    );
  }
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading" role="status">
      <Skeleton height={16} width="60%" />
      <Skeleton height={16} width="40%" />
      <Skeleton height={16} width="50%" />
    </Stack>
  );
}
