/**
 * Everything that is needed to connect a provider with a job: URL, secret, the provider's own steps, a test, and a light.
 *
 * The job's page shows it in a tab as well: the one component of this folder that another feature may import.
 */
import { Code, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { providersQuery, sourcesQuery, statusQuery, useJob } from "../../api/queries";
import type { ProviderInfo, Status, SyncJob } from "../../api/schema";
import { providerOf } from "../../shared/provider/providers";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Prose } from "../../shared/ui/Prose";
import { Empty, Failed } from "../../shared/ui/States";
import { ArrivalLight } from "./ArrivalLight";
import { Secret } from "./Secret";
import classes from "./Setup.module.css";
import { TestWebhook } from "./TestWebhook";

export function SetupCard({ jobId }: { jobId: string }) {
  const job = useJob(jobId);
  const providers = useQuery(providersQuery);
  const sources = useQuery(sourcesQuery);
  const status = useQuery(statusQuery);
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
  if (!provider) {
    return (
      <Empty title="This version does not know the provider">The job's source is of an unknown kind.</Empty>
    );
  }
  return <Card key={jobId} job={job.data} provider={provider} status={status.data} />;
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
  provider: ProviderInfo;
  status: Status | undefined;
}

function Card({ job, provider, status }: CardProps) {
  const isLocal = status !== undefined && !status.tunnel.publicUrl;
  return (
    <div className={classes.card}>
      <ArrivalLight jobId={job.id} provider={nameOf(provider)} />
      <section className={`${classes.part} ${classes.wide}`} aria-label="Webhook URL">
        <Title order={2}>Webhook URL</Title>
        <div className={classes.value}>
          <code>{job.webhookUrl}</code>
          <CopyButton value={job.webhookUrl} what="webhook URL" />
        </div>
        {!job.enabled && (
          <Text size="sm">The job is paused: every request is answered with 403 until you resume it.</Text>
        )}
        {isLocal && status && <LocalOnly provider={nameOf(provider)} receiver={status.receiver.url} />}
      </section>
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
      <section className={`${classes.part} ${classes.footer}`} aria-label="Test">
        <Title order={2}>Try it</Title>
        <TestWebhook jobId={job.id} provider={nameOf(provider)} />
      </section>
    </div>
  );
}

/** In a sentence "Another sender" would be somebody else than the one meant. */
const nameOf = ({ kind, label }: ProviderInfo) => (kind === "generic" ? "the sender" : label);

/** Said where no provider can get through, with exactly what to do. */
function LocalOnly({ provider, receiver }: { provider: string; receiver: string }) {
  return (
    <div className={classes.note} role="note">
      <Text size="sm" fw={600}>
        Only this machine reaches this URL; {provider} does not.
      </Text>
      <Text size="sm">
        Let a tunnel or reverse proxy of your own forward a public address to <Code fz={12}>{receiver}</Code>,
        and start Hookline with that address:{" "}
        <Code fz={12}>hookline serve --public-url https://hooks.example.com</Code>, or{" "}
        <Code fz={12}>public_url = "https://hooks.example.com"</Code> in <Code fz={12}>config.toml</Code> in
        the data directory. The test below works without it.
      </Text>
    </div>
  );
}
