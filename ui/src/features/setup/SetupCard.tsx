/**
 * Everything that is needed to connect a provider with a job: the short way where Hookline can set the provider up by
 * itself; by hand the URL, the secret and the provider's own steps; a test, and a light.
 *
 * The job's page shows it in a tab as well: the one component of this folder that another feature may import.
 */
import { Button, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { providersQuery, sourcesQuery, statusQuery, useJob } from "../../api/queries";
import type { ProviderInfo, Source, SyncJob } from "../../api/schema";
import { endpointQuery } from "../../shared/endpoint/queries";
import { noAddressWords } from "../../shared/endpoint/words";
import { providerOf } from "../../shared/provider/providers";
import { ReachNote } from "../../shared/tunnel/ReachNote";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Prose } from "../../shared/ui/Prose";
import { Empty, Failed } from "../../shared/ui/States";
import { ArrivalLight } from "./ArrivalLight";
import { EndpointSetup } from "./EndpointSetup";
import { Secret } from "./Secret";
import classes from "./Setup.module.css";
import { TestWebhook } from "./TestWebhook";

export function SetupCard({ jobId }: { jobId: string }) {
  const job = useJob(jobId);
  const providers = useQuery(providersQuery);
  const sources = useQuery(sourcesQuery);
  const failed = [job, providers, sources].find((query) => query.error && query.data === undefined);
  if (failed) {
    return (
      <Failed
        title="How to connect the provider cannot be shown"
        error={failed.error}
        onRetry={() => void failed.refetch()}
      />
    );
  }
  if (job.isPending || !providers.data || !sources.data) return <LoadingCard />;
  if (!job.data) return <Empty title="There is no such sync job">It may have been deleted.</Empty>;
  const source = sources.data.find(({ id }) => id === job.data?.sourceId);
  const provider = providerOf(providers.data, source?.kind ?? "");
  if (!source || !provider) {
    return (
      <Empty title="This version does not know the provider">The job's source is of an unknown kind.</Empty>
    );
  }
  return <Card key={jobId} job={job.data} source={source} provider={provider} />;
}

function LoadingCard() {
  return (
    <Stack className={classes.card} p="md" gap="md" aria-busy="true" aria-label="Loading" role="status">
      <Skeleton height={20} width="60%" />
      <Skeleton height={36} />
      <Skeleton height={36} />
      <Skeleton height={80} />
    </Stack>
  );
}

interface CardProps {
  job: SyncJob;
  source: Source;
  provider: ProviderInfo;
}

function Card({ job, source, provider }: CardProps) {
  const canSetUp = Boolean(provider.keyHelp);
  const query = useQuery({ ...endpointQuery(job.id), enabled: canSetUp });
  const { data: isLocal } = useQuery({ ...statusQuery, select: ({ tunnel }) => tunnel.state === "off" });
  const endpoint = canSetUp ? query.data : undefined;
  // That there is no tunnel is told once, where it is wanted first.
  const isToldAbove = isLocal && endpoint && noAddressWords(endpoint) !== null;
  return (
    <div className={classes.card}>
      <ArrivalLight jobId={job.id} provider={nameOf(provider)} />
      {canSetUp && (
        <section className={`${classes.part} ${classes.wide}`} aria-label={`Endpoint at ${provider.label}`}>
          <Title order={2}>
            {endpoint?.managed ? `Endpoint at ${provider.label}` : `Set it up at ${provider.label}`}
          </Title>
          <EndpointSetup jobId={job.id} source={source} provider={provider} query={query} />
        </section>
      )}
      <section className={`${classes.part} ${classes.wide}`} aria-label="Webhook URL">
        <Title order={2}>{canSetUp && !endpoint?.managed ? "Or by hand: webhook URL" : "Webhook URL"}</Title>
        <div className={classes.value}>
          <code>{job.webhookUrl}</code>
          <CopyButton value={job.webhookUrl} what="webhook URL" />
        </div>
        {!job.enabled && (
          <Text size="sm">The job is paused: every request is answered with 403 until you resume it.</Text>
        )}
        {!isToldAbove && <ReachNote provider={nameOf(provider)}>The test below works without it.</ReachNote>}
      </section>
      {endpoint?.managed ? (
        <Folded provider={provider}>
          <ByHand job={job} provider={provider} />
        </Folded>
      ) : (
        <ByHand job={job} provider={provider} />
      )}
      <section className={`${classes.part} ${classes.footer}`} aria-label="Test">
        <Title order={2}>Try it</Title>
        <TestWebhook jobId={job.id} provider={nameOf(provider)} />
      </section>
    </div>
  );
}

/** What is not needed, since Hookline has done it, but may be wanted. */
function Folded({ provider, children }: { provider: ProviderInfo; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div className={classes.part}>
        <Text size="sm" c="dimmed">
          Nothing has to be done by hand: Hookline tells {provider.label} the URL and has its signing secret.
        </Text>
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            aria-expanded={open}
            leftSection={open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
            onClick={() => setOpen(!open)}
          >
            Steps and secret
          </Button>
        </div>
      </div>
      {open && children}
    </>
  );
}

function ByHand({ job, provider }: { job: SyncJob; provider: ProviderInfo }) {
  return (
    <div className={classes.columns}>
      <section className={classes.part} aria-label="Steps">
        <Title order={2}>At {nameOf(provider)}</Title>
        <ol className={classes.steps}>
          {provider.setupSteps.map((step) => (
            <li key={step}>
              <Prose>{step}</Prose>
            </li>
          ))}
        </ol>
      </section>
      <section className={`${classes.part} ${classes.beside}`} aria-label="Signing secret">
        <Title order={2}>Signing secret</Title>
        <Secret jobId={job.id} provider={provider} />
      </section>
    </div>
  );
}

/** In a sentence "Another sender" would be somebody else than the one meant. */
const nameOf = ({ kind, label }: ProviderInfo) => (kind === "generic" ? "the sender" : label);
